(** * Certificates of refutation: finite countermodels

    A countermodel lists the true atoms of each world and names a world where the
    goal is false. One that passes [check_countermodel] makes the goal no theorem. *)

From Coq Require Import List PArith Bool.
From PXL Require Import Form Prov Semantics Soundness Trie.
Import ListNotations.

(** ** Truth tables

    One vector of booleans, over all worlds, for each node of the formula: a
    recursion that asks for one world at a time costs a power of the number of
    worlds. [if] is lazy where [&&] and [implb] are not. *)
Definition row : Type := list bool.

Fixpoint combine (op : bool -> bool -> bool) (a b : row) : row :=
  match a, b with
  | x :: a, y :: b => op x y :: combine op a b
  | _, _ => []
  end.

Fixpoint all (r : row) : bool :=
  match r with [] => true | b :: r => if b then all r else false end.

Fixpoint any (r : row) : bool :=
  match r with [] => false | b :: r => if b then true else any r end.

Fixpoint rows (m : list set) (f : form) : row :=
  match f with
  | Atom p => map (mem p) m
  | Bot => map (fun _ => false) m
  | Neg a => map negb (rows m a)
  | Conj a b => combine (fun x y => if x then y else false) (rows m a) (rows m b)
  | Disj a b => combine (fun x y => if x then true else y) (rows m a) (rows m b)
  | Impl a b => combine (fun x y => if x then y else true) (rows m a) (rows m b)
  | Iff a b => combine (fun x y => if x then y else negb y) (rows m a) (rows m b)
  | Box a => let b := all (rows m a) in map (fun _ => b) m
  | Dia a => let b := any (rows m a) in map (fun _ => b) m
  end.

(** ** The checker

    [worlds] lists the true atoms of each world; [w] is the designated one,
    counted from 0. *)
Fixpoint atoms (l : list positive) (s : set) : set :=
  match l with [] => s | p :: l => atoms l (add p s) end.

Definition check_countermodel (f : form) (worlds : list (list positive)) (w : nat) : bool :=
  negb (nth w (rows (map (fun l => atoms l Empty) worlds) f) true).

(** ** Soundness *)
Definition valuations (m : list set) : list valuation := map (fun s p => mem p s) m.

Lemma combine_map : forall A op (f g : A -> bool) l,
  combine op (map f l) (map g l) = map (fun x => op (f x) (g x)) l.
Proof. intros A op f g l; induction l as [ | x l IH ]; simpl; rewrite ?IH; reflexivity. Qed.

Lemma all_map : forall A (f : A -> bool) l, all (map f l) = forallb f l.
Proof. intros A f l; induction l as [ | x l IH ]; simpl; rewrite ?IH; reflexivity. Qed.

Lemma any_map : forall A (f : A -> bool) l, any (map f l) = existsb f l.
Proof. intros A f l; induction l as [ | x l IH ]; simpl; rewrite ?IH; reflexivity. Qed.

Lemma forallb_valuations : forall (g : valuation -> bool) m,
  forallb g (valuations m) = forallb (fun s => g (fun p => mem p s)) m.
Proof. intros g m; induction m as [ | s m IH ]; simpl; rewrite ?IH; reflexivity. Qed.

Lemma existsb_valuations : forall (g : valuation -> bool) m,
  existsb g (valuations m) = existsb (fun s => g (fun p => mem p s)) m.
Proof. intros g m; induction m as [ | s m IH ]; simpl; rewrite ?IH; reflexivity. Qed.

Lemma rows_eval : forall m f,
  rows m f = map (fun s => eval (valuations m) (fun p => mem p s) f) m.
Proof.
  intros m f; induction f as [ p | | f IH | f IHf g IHg | f IHf g IHg
                             | f IHf g IHg | f IHf g IHg | f IH | f IH ]; simpl.
  - reflexivity.
  - reflexivity.
  - rewrite IH; apply map_map.
  - rewrite IHf, IHg; apply combine_map.
  - rewrite IHf, IHg; apply combine_map.
  - rewrite IHf, IHg; apply combine_map.
  - rewrite IHf, IHg, combine_map; apply map_ext; intros s.
    destruct (eval _ _ f), (eval _ _ g); reflexivity.
  - rewrite IH, all_map, forallb_valuations; reflexivity.
  - rewrite IH, any_map, existsb_valuations; reflexivity.
Qed.

Theorem check_countermodel_sound : forall f m w,
  check_countermodel f m w = true -> ~ Prov f.
Proof.
  intros f m w C P; unfold check_countermodel in C; rewrite rows_eval in C.
  set (sets := map _ m) in C.
  apply negb_true_iff in C.
  destruct (nth_in_or_default w
    (map (fun s => eval (valuations sets) (fun p => mem p s) f) sets) true) as [ I | D ].
  - apply in_map_iff in I as (s & E & I).
    rewrite C, (soundness_finite f P (valuations sets)) in E; [ discriminate | ].
    apply in_map_iff; exists s; auto.
  - congruence.
Qed.
