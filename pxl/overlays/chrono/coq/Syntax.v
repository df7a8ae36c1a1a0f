(** * Formulas of linear time

    [tform] has every operator that a goal can be written with; [kform] the few
    that certificates speak of. [core] reads the first as the second. *)

From Coq Require Import PArith.
From PXL Require Import Form.

Inductive tform : Type :=
| Atom (p : positive)
| Bot
| Neg (f : tform)
| Conj (f g : tform)
| Disj (f g : tform)
| Impl (f g : tform)
| Iff (f g : tform)
(* the future *)
| Next (f : tform)
| Eventually (f : tform)
| Globally (f : tform)
| Until (f g : tform)
| WeakUntil (f g : tform)
| Release (f g : tform)
| StrongRelease (f g : tform)
(* the past *)
| Prev (f : tform)
| WeakPrev (f : tform)
| Once (f : tform)
| Historically (f : tform)
| Since (f g : tform)
| Triggered (f g : tform)
(* all of time *)
| Always (f : tform)
| Sometime (f : tform)
| At (t : nat) (f : tform).

Inductive kform : Type :=
| KAtom (p : positive)
| KBot
| KNeg (f : kform)
| KConj (f g : kform)
| KDisj (f g : kform)
| KImpl (f g : kform)
| KIff (f g : kform)
| KNext (f : kform)
| KUntil (f g : kform)
| KPrev (f : kform)
| KSince (f g : kform).

Definition top : kform := KNeg KBot.

(** Two negations are none. *)
Definition not (f : kform) : kform := match f with KNeg f => f | f => KNeg f end.

Fixpoint nexts (t : nat) (f : kform) : kform :=
  match t with O => f | S t => KNext (nexts t f) end.

Definition eventually (f : kform) : kform := KUntil top f.
Definition once (f : kform) : kform := KSince top f.
Definition first : kform := KNeg (KPrev top).

Fixpoint core (f : tform) : kform :=
  match f with
  | Atom p => KAtom p
  | Bot => KBot
  | Neg a => not (core a)
  | Conj a b => KConj (core a) (core b)
  | Disj a b => KDisj (core a) (core b)
  | Impl a b => KImpl (core a) (core b)
  | Iff a b => KIff (core a) (core b)
  | Next a => KNext (core a)
  | Eventually a => eventually (core a)
  | Globally a => KNeg (eventually (not (core a)))
  | Until a b => KUntil (core a) (core b)
  | WeakUntil a b =>
      let b := core b in KNeg (KUntil (not b) (KNeg (KDisj (core a) b)))
  | Release a b => KNeg (KUntil (not (core a)) (not (core b)))
  | StrongRelease a b => let b := core b in KUntil b (KConj (core a) b)
  | Prev a => KPrev (core a)
  | WeakPrev a => KNeg (KPrev (not (core a)))
  | Once a => once (core a)
  | Historically a => KNeg (once (not (core a)))
  | Since a b => KSince (core a) (core b)
  | Triggered a b => KNeg (KSince (not (core a)) (not (core b)))
  | Always a => KNeg (once (eventually (not (core a))))
  | Sometime a => once (eventually (core a))
  | At t a => once (KConj first (nexts t (core a)))
  end.

(** A core formula as a formula. *)
Fixpoint surface (f : kform) : tform :=
  match f with
  | KAtom p => Atom p
  | KBot => Bot
  | KNeg a => Neg (surface a)
  | KConj a b => Conj (surface a) (surface b)
  | KDisj a b => Disj (surface a) (surface b)
  | KImpl a b => Impl (surface a) (surface b)
  | KIff a b => Iff (surface a) (surface b)
  | KNext a => Next (surface a)
  | KUntil a b => Until (surface a) (surface b)
  | KPrev a => Prev (surface a)
  | KSince a b => Since (surface a) (surface b)
  end.

(** Lazy on purpose: [&&] is strict in the virtual machine. *)
Fixpoint kform_eqb (f g : kform) : bool :=
  match f, g with
  | KAtom p, KAtom q => Pos.eqb p q
  | KBot, KBot => true
  | KNeg a, KNeg b | KNext a, KNext b | KPrev a, KPrev b => kform_eqb a b
  | KConj a b, KConj c d | KDisj a b, KDisj c d
  | KImpl a b, KImpl c d | KIff a b, KIff c d
  | KUntil a b, KUntil c d | KSince a b, KSince c d =>
      if kform_eqb a c then kform_eqb b d else false
  | _, _ => false
  end.

Lemma kform_eqb_equal : forall f g, when (kform_eqb f g) (f = g).
Proof.
  intros f; induction f as [ p | | f IH | f IHf g IHg | f IHf g IHg | f IHf g IHg
    | f IHf g IHg | f IH | f IHf g IHg | f IH | f IHf g IHg ];
    intros [ q | | a | a b | a b | a b | a b | a | a b | a | a b ]; try exact I.
  - exact (when_equal _ _ KAtom _ p q (pos_eqb_equal p q)).
  - exact eq_refl.
  - exact (when_equal _ _ KNeg _ f a (IH a)).
  - exact (when_equal2 _ _ _ KConj _ _ f a g b (IHf a) (IHg b)).
  - exact (when_equal2 _ _ _ KDisj _ _ f a g b (IHf a) (IHg b)).
  - exact (when_equal2 _ _ _ KImpl _ _ f a g b (IHf a) (IHg b)).
  - exact (when_equal2 _ _ _ KIff _ _ f a g b (IHf a) (IHg b)).
  - exact (when_equal _ _ KNext _ f a (IH a)).
  - exact (when_equal2 _ _ _ KUntil _ _ f a g b (IHf a) (IHg b)).
  - exact (when_equal _ _ KPrev _ f a (IH a)).
  - exact (when_equal2 _ _ _ KSince _ _ f a g b (IHf a) (IHg b)).
Qed.
