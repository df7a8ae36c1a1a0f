(** * Formulas with any number of modalities

    The syntax, and the boolean test of equality that the checkers use. A box or
    a diamond names its relation by number; relation 1 is the one that plain
    [BOX(…)] and [DIA(…)] speak of. As in the kernel's [Form], the proofs below an
    answer are short terms. *)

From Coq Require Import PArith Bool.
From PXL Require Import Form.

Inductive mform : Type :=
| Atom (p : positive)
| Bot
| Neg (f : mform)
| Conj (f g : mform)
| Disj (f g : mform)
| Impl (f g : mform)
| Iff (f g : mform)
| Box (r : positive) (f : mform)
| Dia (r : positive) (f : mform).

(** Lazy on purpose: [&&] is strict in the virtual machine. *)
Fixpoint mform_eqb (f g : mform) : bool :=
  match f, g with
  | Atom p, Atom q => Pos.eqb p q
  | Bot, Bot => true
  | Neg a, Neg b => mform_eqb a b
  | Conj a b, Conj c d | Disj a b, Disj c d
  | Impl a b, Impl c d | Iff a b, Iff c d =>
      if mform_eqb a c then mform_eqb b d else false
  | Box r a, Box s b | Dia r a, Dia s b =>
      if Pos.eqb r s then mform_eqb a b else false
  | _, _ => false
  end.

Lemma mform_eqb_equal : forall f g, when (mform_eqb f g) (f = g).
Proof.
  intros f; induction f as [ p | | f IH | f IHf g IHg | f IHf g IHg
                           | f IHf g IHg | f IHf g IHg | r f IH | r f IH ];
    intros [ q | | a | a b | a b | a b | a b | s a | s a ]; try exact I.
  - exact (when_equal _ _ Atom _ p q (pos_eqb_equal p q)).
  - exact eq_refl.
  - exact (when_equal _ _ Neg _ f a (IH a)).
  - exact (when_equal2 _ _ _ Conj _ _ f a g b (IHf a) (IHg b)).
  - exact (when_equal2 _ _ _ Disj _ _ f a g b (IHf a) (IHg b)).
  - exact (when_equal2 _ _ _ Impl _ _ f a g b (IHf a) (IHg b)).
  - exact (when_equal2 _ _ _ Iff _ _ f a g b (IHf a) (IHg b)).
  - exact (when_equal2 _ _ _ Box _ _ r s f a (pos_eqb_equal r s) (IH a)).
  - exact (when_equal2 _ _ _ Dia _ _ r s f a (pos_eqb_equal r s) (IH a)).
Qed.
