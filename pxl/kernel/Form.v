(** * Formulas of the PXL kernel

    The syntax of propositional S5, decidable equality, and the boolean test
    that the checkers use. *)

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

Lemma form_eqb_true : forall f g, form_eqb f g = true <-> f = g.
Proof.
  assert (R : forall f, form_eqb f f = true).
  { induction f; simpl; rewrite ?Pos.eqb_refl;
      repeat match goal with H : _ = true |- _ => rewrite H; clear H end; reflexivity. }
  intros f; split.
  - revert g; induction f; intros [] E; simpl in E; try discriminate; try reflexivity.
    + apply Pos.eqb_eq in E; congruence.
    + f_equal; auto.
    + destruct (form_eqb f1 f) eqn:E1; [ f_equal; auto | discriminate ].
    + destruct (form_eqb f1 f) eqn:E1; [ f_equal; auto | discriminate ].
    + destruct (form_eqb f1 f) eqn:E1; [ f_equal; auto | discriminate ].
    + destruct (form_eqb f1 f) eqn:E1; [ f_equal; auto | discriminate ].
    + f_equal; auto.
    + f_equal; auto.
  - intros <-; apply R.
Qed.
