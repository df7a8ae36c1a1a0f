(** * Certificates of refutation: finite countermodels

    A countermodel lists the true atoms of each world and names a world where the
    goal is false. One that passes [check_countermodel] makes the goal no theorem. *)

From Coq Require Import List PArith Bool.
From PXL Require Import Form Prov Semantics Soundness Trie.
Import ListNotations.

(** ** Truth tables

    One vector of booleans, over all worlds, for each node of the formula: a
    recursion that asks for one world at a time costs a power of the number of
    worlds. *)
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
  | Conj a b => combine andb (rows m a) (rows m b)
  | Disj a b => combine orb (rows m a) (rows m b)
  | Impl a b => combine implb (rows m a) (rows m b)
  | Iff a b => combine eqb (rows m a) (rows m b)
  | Box a => let b := all (rows m a) in map (fun _ => b) m
  | Dia a => let b := any (rows m a) in map (fun _ => b) m
  end.

(** ** The checker

    [worlds] lists the true atoms of each world; [w] is the designated one,
    counted from 0. *)
Fixpoint atoms (l : list positive) (s : set) : set :=
  match l with [] => s | p :: l => atoms l (add p s) end.

Definition check_countermodel (f : form) (worlds : list (list positive)) (w : nat) : bool :=
  negb (nth w (rows (map (fun l => atoms l Leaf) worlds) f) true).

(** ** Soundness *)
Definition valuation_of (s : set) : valuation := fun p => mem p s.
Definition valuations (m : list set) : list valuation := map valuation_of m.

Lemma combine_map : forall A op (f g : A -> bool) l a b, a = map f l -> b = map g l ->
  combine op a b = map (fun x => op (f x) (g x)) l.
Proof.
  intros A op f g l a b -> ->.
  induction l as [ | x l IH ]; [ exact eq_refl | exact (f_equal _ IH) ].
Qed.

Lemma map_negb : forall A (f : A -> bool) l a, a = map f l ->
  map negb a = map (fun x => negb (f x)) l.
Proof.
  intros A f l a ->.
  induction l as [ | x l IH ]; [ exact eq_refl | exact (f_equal _ IH) ].
Qed.

Lemma all_valuations : forall (t : valuation -> bool) m a,
  a = map (fun s => t (valuation_of s)) m -> all a = forallb t (valuations m).
Proof.
  intros t m a ->.
  induction m as [ | s m IH ]; [ exact eq_refl | exact (f_equal (andb _) IH) ].
Qed.

Lemma any_valuations : forall (t : valuation -> bool) m a,
  a = map (fun s => t (valuation_of s)) m -> any a = existsb t (valuations m).
Proof.
  intros t m a ->.
  induction m as [ | s m IH ]; [ exact eq_refl | exact (f_equal (orb _) IH) ].
Qed.

Lemma rows_eval : forall m f,
  rows m f = map (fun s => eval (valuations m) (valuation_of s) f) m.
Proof.
  intros m f; induction f as [ p | | f IH | f IHf g IHg | f IHf g IHg
                             | f IHf g IHg | f IHf g IHg | f IH | f IH ].
  - exact eq_refl.
  - exact eq_refl.
  - exact (map_negb _ _ m _ IH).
  - exact (combine_map _ andb _ _ m _ _ IHf IHg).
  - exact (combine_map _ orb _ _ m _ _ IHf IHg).
  - exact (combine_map _ implb _ _ m _ _ IHf IHg).
  - exact (combine_map _ eqb _ _ m _ _ IHf IHg).
  - exact (f_equal (fun b => map (fun _ => b) m)
      (all_valuations (fun u => eval (valuations m) u f) m _ IH)).
  - exact (f_equal (fun b => map (fun _ => b) m)
      (any_valuations (fun u => eval (valuations m) u f) m _ IH)).
Qed.

Lemma nth_true : forall A (t : A -> bool) l, (forall x, In x l -> t x = true) ->
  forall n, nth n (map t l) true = true.
Proof.
  intros A t l; induction l as [ | x l IH ]; intros H [ | n ]; try exact eq_refl.
  - exact (H x (or_introl eq_refl)).
  - exact (IH (fun y J => H y (or_intror J)) n).
Qed.

Lemma check_countermodel_when : forall f m w, when (check_countermodel f m w) (~ Prov f).
Proof.
  intros f m w; unfold check_countermodel; set (sets := map _ m); rewrite rows_eval.
  set (t := fun s => eval (valuations sets) (valuation_of s) f).
  assert (H : Prov f -> nth w (map t sets) true = true).
  { intros P; apply nth_true; intros s S.
    exact (soundness_finite f P (valuations sets) _ (in_map valuation_of sets s S)). }
  destruct (nth w (map t sets) true); [ exact I | ].
  intros P; discriminate (H P).
Qed.

Theorem check_countermodel_sound : forall f m w,
  check_countermodel f m w = true -> ~ Prov f.
Proof. intros f m w; exact (when_true _ _ (check_countermodel_when f m w)). Qed.
