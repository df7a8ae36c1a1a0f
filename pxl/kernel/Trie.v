(** * Maps and sets keyed by positive numbers

    Binary tries, least significant bit first. The standard library has them
    too ([FMapPositive]), but requiring it doubles the time and the memory with
    which a session starts. *)

From Coq Require Import PArith.

(** ** Maps *)
Inductive trie (A : Type) : Type :=
| Leaf
| Node (l : trie A) (o : option A) (r : trie A).
Arguments Leaf {A}.
Arguments Node {A} l o r.

Fixpoint get {A} (p : positive) (t : trie A) {struct t} : option A :=
  match t with
  | Leaf => None
  | Node l o r => match p with xH => o | xO q => get q l | xI q => get q r end
  end.

Fixpoint put {A} (p : positive) (x : A) (t : trie A) : trie A :=
  match p, t with
  | xH, Leaf => Node Leaf (Some x) Leaf
  | xH, Node l _ r => Node l (Some x) r
  | xO q, Leaf => Node (put q x Leaf) None Leaf
  | xO q, Node l o r => Node (put q x l) o r
  | xI q, Leaf => Node Leaf None (put q x Leaf)
  | xI q, Node l o r => Node l o (put q x r)
  end.

Lemma get_put_same : forall A p (x : A) t, get p (put p x t) = Some x.
Proof. intros A p x; induction p as [ p IH | p IH | ]; intros []; simpl; auto. Qed.

Lemma get_put_other : forall A p q (x : A) t, p <> q -> get q (put p x t) = get q t.
Proof.
  intros A p; induction p as [ p IH | p IH | ];
    intros [ q | q | ] x [ | l o r ] N; simpl; try reflexivity;
    try (rewrite IH by congruence); solve [ reflexivity | congruence ].
Qed.

(** ** Sets *)
Inductive set : Type :=
| Empty
| Fork (l : set) (b : bool) (r : set).

Fixpoint mem (p : positive) (s : set) {struct s} : bool :=
  match s with
  | Empty => false
  | Fork l b r => match p with xH => b | xO q => mem q l | xI q => mem q r end
  end.

Fixpoint add (p : positive) (s : set) : set :=
  match p, s with
  | xH, Empty => Fork Empty true Empty
  | xH, Fork l _ r => Fork l true r
  | xO q, Empty => Fork (add q Empty) false Empty
  | xO q, Fork l b r => Fork (add q l) b r
  | xI q, Empty => Fork Empty false (add q Empty)
  | xI q, Fork l b r => Fork l b (add q r)
  end.

Lemma mem_add : forall p q s, mem q (add p s) = true -> q = p \/ mem q s = true.
Proof.
  intros p; induction p as [ p IH | p IH | ];
    intros [ q | q | ] [ | l b r ]; simpl; intros E; auto; try discriminate;
    destruct (IH _ _ E) as [ -> | E' ]; auto; discriminate.
Qed.
