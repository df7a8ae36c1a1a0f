(** * Maps and sets keyed by positive numbers

    Binary tries, least significant bit first; a set is a map to booleans. The
    standard library has them too ([FMapPositive]), but requiring it doubles the
    time and the memory with which a session starts. *)

From Coq Require Import PArith.
From PXL Require Import Form.

(** A key that is not there maps to [d]. *)
Inductive trie (A : Type) : Type :=
| Leaf
| Node (l : trie A) (x : A) (r : trie A).
Arguments Leaf {A}.
Arguments Node {A} l x r.

Fixpoint get {A} (d : A) (p : positive) (t : trie A) {struct t} : A :=
  match t with
  | Leaf => d
  | Node l x r => match p with xH => x | xO q => get d q l | xI q => get d q r end
  end.

Fixpoint put {A} (d : A) (p : positive) (x : A) (t : trie A) : trie A :=
  match p, t with
  | xH, Leaf => Node Leaf x Leaf
  | xH, Node l _ r => Node l x r
  | xO q, Leaf => Node (put d q x Leaf) d Leaf
  | xO q, Node l y r => Node (put d q x l) y r
  | xI q, Leaf => Node Leaf d (put d q x Leaf)
  | xI q, Node l y r => Node l y (put d q x r)
  end.

Lemma get_put : forall A (d x : A) p q t,
  get d q (put d p x t) = if Pos.eqb p q then x else get d q t.
Proof.
  intros A d x p; induction p as [ p IH | p IH | ];
    intros [ q | q | ] [ | l y r ]; try exact eq_refl; exact (IH q _).
Qed.

Lemma get_put_same : forall A (d x : A) p t, get d p (put d p x t) = x.
Proof.
  intros A d x p; induction p as [ p IH | p IH | ];
    intros [ | l y r ]; try exact eq_refl; exact (IH _).
Qed.

(** What holds of the new entry and of all the old ones holds of all. *)
Lemma put_all : forall A (d x : A) (P : positive -> A -> Prop) p t,
  P p x -> (forall q, P q (get d q t)) -> forall q, P q (get d q (put d p x t)).
Proof.
  intros A d x P p t X H q; rewrite get_put; generalize (pos_eqb_equal p q).
  destruct (Pos.eqb p q); [ intros []; exact X | intros _; exact (H q) ].
Qed.

(** Putting an entry where there was none leaves the others there. *)
Lemma put_others : forall A (d x : A) (P : positive -> A -> Prop) p t,
  get d p t = d -> (forall q, P q d) ->
  (forall q, P q (get d q (put d p x t))) -> forall q, P q (get d q t).
Proof.
  intros A d x P p t E D H q; generalize (H q); rewrite get_put.
  generalize (pos_eqb_equal p q).
  destruct (Pos.eqb p q); [ intros [] _; rewrite E; exact (D p) | intros _ X; exact X ].
Qed.

(** ** Sets *)
Definition set : Type := trie bool.
Definition mem (p : positive) (s : set) : bool := get false p s.
Definition add (p : positive) (s : set) : set := put false p true s.
