(** * What validity says

    Small facts for the reader of an answer; nothing rests on them. *)

From Coq Require Import PArith.
From PXLChrono Require Import Syntax Semantics.

(** With excluded middle as a hypothesis, every run is decided. *)
Theorem valid_classic : (forall P : Prop, P \/ ~ P) ->
  forall f, Valid f -> forall r, last r = None -> sat r 0 f.
Proof. intros X f V r E; exact (V r E (fun i g => X (sat r i g))). Qed.

Theorem valid_finite_classic : (forall P : Prop, P \/ ~ P) ->
  forall f, ValidFinite f -> forall r n, last r = Some n -> sat r 0 f.
Proof. intros X f V r n E; exact (V r n E (fun i g => X (sat r i g))). Qed.

Lemma inside_always : forall r, last r = None -> forall i, inside r i.
Proof. intros r E i; unfold inside; rewrite E; exact I. Qed.

(** Validity is at the first position; at every position it is that of [Globally]. *)
Theorem valid_globally : forall f, Valid (Globally f) <->
  forall r, last r = None -> decided r -> forall i, sat r i f.
Proof.
  intros f; split.
  - intros V r E D i; exact (V r E D i (le_zero i) (inside_always r E i)).
  - intros V r E D i _ _; exact (V r E D i).
Qed.

Theorem valid_finite_globally : forall f, ValidFinite (Globally f) <->
  forall r n, last r = Some n -> decided r -> forall i, i <= n -> sat r i f.
Proof.
  intros f; split.
  - intros V r n E D i L; apply (V r n E D i (le_zero i)); unfold inside; rewrite E; exact L.
  - intros V r n E D i _ L; unfold inside in L; rewrite E in L; exact (V r n E D i L).
Qed.

(** An assumption at all times is a premise [Always]; one at the first position a
    premise. *)
Theorem assume_always : forall g f, Valid (Impl (Always g) f) <->
  forall r, last r = None -> decided r -> (forall i, sat r i g) -> sat r 0 f.
Proof.
  intros g f; split.
  - intros V r E D G; exact (V r E D (fun i _ => G i)).
  - intros V r E D G; exact (V r E D (fun i => G i (inside_always r E i))).
Qed.

Theorem assume_always_finite : forall g f, ValidFinite (Impl (Always g) f) <->
  forall r n, last r = Some n -> decided r -> (forall i, i <= n -> sat r i g) -> sat r 0 f.
Proof.
  assert (N : forall r n, last r = Some n -> forall i, inside r i <-> i <= n).
  { intros r n E i; unfold inside; rewrite E; exact (iff_refl _). }
  intros g f; split.
  - intros V r n E D G; exact (V r n E D (fun i L => G i (proj1 (N r n E i) L))).
  - intros V r n E D G; exact (V r n E D (fun i L => G i (proj2 (N r n E i) L))).
Qed.
