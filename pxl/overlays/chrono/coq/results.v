(** * What is proved of linear time

    Every public theorem of the library, restated. [results.ref] stores the output
    of this file: none of them rests on an axiom. *)

From Coq Require Import List PArith Init.Byte.
From PXL Require Form Prov.
From PXLChrono Require Import Syntax Semantics.
From PXLChrono Require Meaning Clausal Countermodel Trace Text Transport Canonical Conservative Verify.

(** ** Truth *)

(** The core formula of a formula says the same, in every decided run. *)
Theorem core_ok : forall r, cdecided r -> forall f i, sat r i f <-> csat r i (core f).
Proof. exact PXLChrono.Semantics.core_ok. Qed.

Theorem decided_core : forall r, decided r <-> cdecided r.
Proof.
  intros r; split; [ apply PXLChrono.Semantics.decided_core | ].
  apply PXLChrono.Semantics.core_decided.
Qed.

(** A run that follows a lasso of booleans is decided, and so is one that follows a
    finite list of positions: its loop is the position where time has ended. *)
Theorem lasso_decided : forall r u x v,
  PXLChrono.Countermodel.follows r (PXLChrono.Countermodel.lookup (x :: v) u) -> decided r.
Proof. exact PXLChrono.Countermodel.follows_decided. Qed.

Theorem lasso_value : forall r u x v f,
  PXLChrono.Countermodel.follows r (PXLChrono.Countermodel.lookup (x :: v) u) ->
  (csat r 0 f <-> PXLChrono.Countermodel.value u (x :: v) f = true).
Proof. exact PXLChrono.Countermodel.value_right. Qed.

(** A trace's truth is computed. *)
Theorem trace_value : forall l w f,
  PXLChrono.Trace.Holds (l :: w) f <-> PXLChrono.Countermodel.finite_value f (l :: w) = true.
Proof. exact PXLChrono.Trace.trace_value. Qed.

(** ** What validity says *)

Theorem valid_classic : (forall P : Prop, P \/ ~ P) ->
  forall f, Valid f -> forall r, last r = None -> sat r 0 f.
Proof. exact PXLChrono.Meaning.valid_classic. Qed.

Theorem valid_finite_classic : (forall P : Prop, P \/ ~ P) ->
  forall f, ValidFinite f -> forall r n, last r = Some n -> sat r 0 f.
Proof. exact PXLChrono.Meaning.valid_finite_classic. Qed.

Theorem valid_globally : forall f, Valid (Globally f) <->
  forall r, last r = None -> decided r -> forall i, sat r i f.
Proof. exact PXLChrono.Meaning.valid_globally. Qed.

Theorem valid_finite_globally : forall f, ValidFinite (Globally f) <->
  forall r n, last r = Some n -> decided r -> forall i, i <= n -> sat r i f.
Proof. exact PXLChrono.Meaning.valid_finite_globally. Qed.

(** An assumption that holds at all times. *)
Theorem assume_always : forall g f, Valid (Impl (Always g) f) <->
  forall r, last r = None -> decided r -> (forall i, sat r i g) -> sat r 0 f.
Proof. exact PXLChrono.Meaning.assume_always. Qed.

Theorem assume_always_finite : forall g f, ValidFinite (Impl (Always g) f) <->
  forall r n, last r = Some n -> decided r -> (forall i, i <= n -> sat r i g) -> sat r 0 f.
Proof. exact PXLChrono.Meaning.assume_always_finite. Qed.

(** ** Certificates *)

Theorem check_proof_sound : forall f p, PXLChrono.Clausal.check_proof false f p = true -> Valid f.
Proof. exact PXLChrono.Clausal.check_proof_sound. Qed.

Theorem check_proof_finite_sound : forall f p,
  PXLChrono.Clausal.check_proof true f p = true -> ValidFinite f.
Proof. exact PXLChrono.Clausal.check_proof_finite_sound. Qed.

Theorem check_lasso_sound : forall f u v,
  PXLChrono.Countermodel.check_lasso f u v = true -> ~ Valid f.
Proof. exact PXLChrono.Countermodel.check_lasso_sound. Qed.

Theorem check_finite_sound : forall f w,
  PXLChrono.Countermodel.check_finite f w = true -> ~ ValidFinite f.
Proof. exact PXLChrono.Countermodel.check_finite_sound. Qed.

Theorem holds_trace : forall w f,
  PXLChrono.Trace.check_trace w f = true -> PXLChrono.Trace.Holds w f.
Proof. exact PXLChrono.Trace.holds_trace. Qed.

Theorem not_holds_trace : forall w f,
  PXLChrono.Trace.check_not_trace w f = true -> ~ PXLChrono.Trace.Holds w f.
Proof. exact PXLChrono.Trace.not_holds_trace. Qed.

(** ** Text *)

Theorem print_inj : forall f g, PXLChrono.Text.print f = PXLChrono.Text.print g -> f = g.
Proof. exact PXLChrono.Canonical.print_inj. Qed.

(** ** Answers: a goal, its text [t] and a certificate [c] or trace [w] *)

Theorem valid : forall (t : list byte) (f : tform) (c : list byte),
  PXLChrono.Transport.check_valid false t f c = true -> Valid f.
Proof. exact PXLChrono.Transport.valid. Qed.

Theorem valid_finite : forall (t : list byte) (f : tform) (c : list byte),
  PXLChrono.Transport.check_valid true t f c = true -> ValidFinite f.
Proof. exact PXLChrono.Transport.valid_finite. Qed.

Theorem not_valid : forall (t : list byte) (f : tform) (c : list byte),
  PXLChrono.Transport.check_not_valid t f c = true -> ~ Valid f.
Proof. exact PXLChrono.Transport.not_valid. Qed.

Theorem not_valid_finite : forall (t : list byte) (f : tform) (c : list byte),
  PXLChrono.Transport.check_not_valid_finite t f c = true -> ~ ValidFinite f.
Proof. exact PXLChrono.Transport.not_valid_finite. Qed.

Theorem holds : forall (t : list byte) (f : tform) (w : list (list positive)),
  PXLChrono.Transport.check_holds t f w = true -> PXLChrono.Trace.Holds w f.
Proof. exact PXLChrono.Transport.holds. Qed.

Theorem not_holds : forall (t : list byte) (f : tform) (w : list (list positive)),
  PXLChrono.Transport.check_not_holds t f w = true -> ~ PXLChrono.Trace.Holds w f.
Proof. exact PXLChrono.Transport.not_holds. Qed.

(** What is checked is about the formula with the text [t]. *)
Theorem valid_text : forall finite (t : list byte) (f : tform) (c : list byte),
  PXLChrono.Transport.check_valid finite t f c = true -> PXLChrono.Text.print f = t.
Proof. exact PXLChrono.Canonical.valid_text. Qed.

Theorem not_valid_text : forall (t : list byte) (f : tform) (c : list byte),
  PXLChrono.Transport.check_not_valid t f c = true -> PXLChrono.Text.print f = t.
Proof. exact PXLChrono.Canonical.not_valid_text. Qed.

Theorem not_valid_finite_text : forall (t : list byte) (f : tform) (c : list byte),
  PXLChrono.Transport.check_not_valid_finite t f c = true -> PXLChrono.Text.print f = t.
Proof. exact PXLChrono.Canonical.not_valid_finite_text. Qed.

Theorem holds_text : forall (t : list byte) (f : tform) (w : list (list positive)),
  PXLChrono.Transport.check_holds t f w = true -> PXLChrono.Text.print f = t.
Proof. exact PXLChrono.Canonical.holds_text. Qed.

Theorem not_holds_text : forall (t : list byte) (f : tform) (w : list (list positive)),
  PXLChrono.Transport.check_not_holds t f w = true -> PXLChrono.Text.print f = t.
Proof. exact PXLChrono.Canonical.not_holds_text. Qed.

(** ** The kernel's formulas, necessity read as truth at all times *)

Theorem chrono_sound : forall f, Prov.Prov f -> forall r, last r = None -> decided r ->
  forall i, sat r i (PXLChrono.Conservative.tau f).
Proof. exact PXLChrono.Conservative.chrono_sound. Qed.

Theorem chrono_conservative : forall f, Prov.Prov f <-> Valid (PXLChrono.Conservative.tau f).
Proof. exact PXLChrono.Conservative.chrono_conservative. Qed.

(** ** The program: from a question's text [t] and a certificate's [c] to a boolean

    [asks t s q]: the text reads as the question, and the question prints as the text. *)

Theorem verify_holds_sound : forall t c : list byte,
  PXLChrono.Verify.verify_holds t c = true ->
  exists s q, PXLChrono.Verify.asks t s q /\ PXLChrono.Verify.consequence s q.
Proof. exact PXLChrono.Verify.verify_holds_sound. Qed.

Theorem verify_fails_sound : forall t c : list byte,
  PXLChrono.Verify.verify_fails t c = true ->
  exists s q, PXLChrono.Verify.asks t s q /\ ~ PXLChrono.Verify.consequence s q.
Proof. exact PXLChrono.Verify.verify_fails_sound. Qed.

Theorem premises : forall s q,
  (forall r, PXLChrono.Verify.spans s r -> sat r 0 (PXLChrono.Verify.whole q))
  <-> PXLChrono.Verify.consequence s q.
Proof. exact PXLChrono.Verify.premises. Qed.

Print Assumptions core_ok.
Print Assumptions decided_core.
Print Assumptions lasso_decided.
Print Assumptions lasso_value.
Print Assumptions trace_value.
Print Assumptions valid_classic.
Print Assumptions valid_finite_classic.
Print Assumptions valid_globally.
Print Assumptions valid_finite_globally.
Print Assumptions assume_always.
Print Assumptions assume_always_finite.
Print Assumptions check_proof_sound.
Print Assumptions check_proof_finite_sound.
Print Assumptions check_lasso_sound.
Print Assumptions check_finite_sound.
Print Assumptions holds_trace.
Print Assumptions not_holds_trace.
Print Assumptions print_inj.
Print Assumptions valid.
Print Assumptions valid_finite.
Print Assumptions not_valid.
Print Assumptions not_valid_finite.
Print Assumptions holds.
Print Assumptions not_holds.
Print Assumptions valid_text.
Print Assumptions not_valid_text.
Print Assumptions not_valid_finite_text.
Print Assumptions holds_text.
Print Assumptions not_holds_text.
Print Assumptions chrono_sound.
Print Assumptions chrono_conservative.
Print Assumptions verify_holds_sound.
Print Assumptions verify_fails_sound.
Print Assumptions premises.
