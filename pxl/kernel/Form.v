(** * Formulas of the PXL kernel

    The syntax of propositional S5, decidable equality, and the boolean test
    that the checkers use.

    A session lists the assumptions of every theorem that it proves, and for
    that Coq walks through each proof below the theorem. So the proofs that the
    checkers rest on are short terms, here and in the other files: small lemmas
    in place of tactics that expand, and few from the standard library. *)

From Coq Require Import PArith Bool.

Inductive form : Type :=
| Atom (p : positive)
| Bot
| Neg (f : form)
| Conj (f g : form)
| Disj (f g : form)
| Impl (f g : form)
| Iff (f g : form)
| Box (f : form)
| Dia (f : form).

Lemma form_eq_dec : forall f g : form, {f = g} + {f <> g}.
Proof. decide equality; apply Pos.eq_dec. Defined.

(** Lazy on purpose: [&&] is strict in the virtual machine. *)
Fixpoint form_eqb (f g : form) : bool :=
  match f, g with
  | Atom p, Atom q => Pos.eqb p q
  | Bot, Bot => true
  | Neg a, Neg b | Box a, Box b | Dia a, Dia b => form_eqb a b
  | Conj a b, Conj c d | Disj a b, Disj c d
  | Impl a b, Impl c d | Iff a b, Iff c d =>
      if form_eqb a c then form_eqb b d else false
  | _, _ => false
  end.

(** ** What a test establishes

    [when b P]: [P] holds if the test [b] succeeds. It computes, so that a proof
    by cases has nothing to say about a test that fails. *)
Definition when (b : bool) (P : Prop) : Prop := if b then P else True.

Lemma when_true : forall b P, when b P -> b = true -> P.
Proof. intros b P W E; rewrite E in W; exact W. Qed.

Lemma when_equal : forall A B (c : A -> B) b x y, when b (x = y) -> when b (c x = c y).
Proof. intros A B c [] x y W; [ exact (f_equal c W) | exact I ]. Qed.

Lemma when_equal2 : forall A B C (c : A -> B -> C) b d x x' y y',
  when b (x = x') -> when d (y = y') -> when (if b then d else false) (c x y = c x' y').
Proof.
  intros A B C c [] d x x' y y' V W; [ | exact I ].
  destruct V; exact (when_equal _ _ (c x) d y y' W).
Qed.

Lemma pos_eqb_equal : forall p q, when (Pos.eqb p q) (p = q).
Proof.
  intros p; induction p as [ p IH | p IH | ]; intros [ q | q | ]; try exact I.
  - exact (when_equal _ _ xI _ p q (IH q)).
  - exact (when_equal _ _ xO _ p q (IH q)).
  - exact eq_refl.
Qed.

Lemma form_eqb_equal : forall f g, when (form_eqb f g) (f = g).
Proof.
  intros f; induction f as [ p | | f IH | f IHf g IHg | f IHf g IHg
                           | f IHf g IHg | f IHf g IHg | f IH | f IH ];
    intros [ q | | a | a b | a b | a b | a b | a | a ]; try exact I.
  - exact (when_equal _ _ Atom _ p q (pos_eqb_equal p q)).
  - exact eq_refl.
  - exact (when_equal _ _ Neg _ f a (IH a)).
  - exact (when_equal2 _ _ _ Conj _ _ f a g b (IHf a) (IHg b)).
  - exact (when_equal2 _ _ _ Disj _ _ f a g b (IHf a) (IHg b)).
  - exact (when_equal2 _ _ _ Impl _ _ f a g b (IHf a) (IHg b)).
  - exact (when_equal2 _ _ _ Iff _ _ f a g b (IHf a) (IHg b)).
  - exact (when_equal _ _ Box _ f a (IH a)).
  - exact (when_equal _ _ Dia _ f a (IH a)).
Qed.

Lemma form_eqb_refl : forall f, form_eqb f f = true.
Proof.
  intros f; induction f; simpl; rewrite ?Pos.eqb_refl;
    repeat match goal with H : _ = true |- _ => rewrite H; clear H end; reflexivity.
Qed.

Lemma form_eqb_true : forall f g, form_eqb f g = true <-> f = g.
Proof.
  intros f g; split; [ exact (when_true _ _ (form_eqb_equal f g)) | ].
  intros <-; apply form_eqb_refl.
Qed.
