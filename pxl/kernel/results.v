(** * What is proved

    Every public theorem of the kernel, restated. [results.ref] stores the output
    of this file: none of them rests on an axiom. *)

From Coq Require Import List PArith Init.Byte.
From PXL Require Import Form Prov Semantics.
From PXL Require Soundness Completeness Consequence Countermodel Clausal Text Transport Canonical Verify.

(** ** The logic *)

(** Theorems are true in every Kripke model over an equivalence relation. *)
Theorem soundness : forall f, Prov f ->
  forall M, equivalence M -> decided M -> forall w, sat M w f.
Proof. exact Soundness.soundness. Qed.

Theorem soundness_classic : (forall P : Prop, P \/ ~ P) ->
  forall f, Prov f -> forall M, equivalence M -> forall w, sat M w f.
Proof. exact Soundness.soundness_classic. Qed.

Theorem soundness_finite : forall f, Prov f -> valid f.
Proof. exact Soundness.soundness_finite. Qed.

Theorem consistency : ~ Prov Bot.
Proof. exact Soundness.consistency. Qed.

(** What is true in all finite universal models is a theorem, constructively. *)
Theorem completeness : forall f, valid f -> Prov f.
Proof. exact Completeness.completeness. Qed.

Theorem countermodel_exists : forall f, ~ Prov f ->
  exists m v, In v m /\ eval m v f = false.
Proof. exact Completeness.countermodel_exists. Qed.

Theorem prov_dec : forall f, {Prov f} + {~ Prov f}.
Proof. exact Completeness.prov_dec. Defined.

(** ** Assumptions: what follows from them is what has them as premises *)

Theorem local_premises : forall gs f,
  Prov (Consequence.under gs f) <-> Consequence.local_consequence gs f.
Proof. exact Consequence.local_premises. Qed.

Theorem global_premises : forall gs f,
  Prov (Consequence.under (List.map Box gs) f) <-> Consequence.global_consequence gs f.
Proof. exact Consequence.global_premises. Qed.

Theorem local_contradiction : forall gs, Prov (Consequence.under gs Bot) <->
  forall M, equivalence M -> decided M -> forall w, ~ (forall g, List.In g gs -> sat M w g).
Proof. exact Consequence.local_contradiction. Qed.

Theorem global_contradiction : forall gs, Prov (Consequence.under (List.map Box gs) Bot) <->
  forall M, equivalence M -> decided M -> world M ->
  ~ (forall g, List.In g gs -> forall w, sat M w g).
Proof. exact Consequence.global_contradiction. Qed.

(** ** Certificates *)

Theorem check_proof_sound : forall f p, Clausal.check_proof f p = true -> Prov f.
Proof. exact Clausal.check_proof_sound. Qed.

Theorem check_countermodel_sound : forall f m w,
  Countermodel.check_countermodel f m w = true -> ~ Prov f.
Proof. exact Countermodel.check_countermodel_sound. Qed.

(** ** Text *)

Theorem parse_print : forall f, Text.parse (Text.print f) = Some f.
Proof. exact Canonical.parse_print. Qed.

Theorem print_inj : forall f g, Text.print f = Text.print g -> f = g.
Proof. exact Canonical.print_inj. Qed.

(** ** Answers: a goal, its text [t] and a certificate [c] *)

Theorem proved : forall (t : list byte) (f : form) (c : list byte),
  Transport.check_proved t f c = true -> Prov f.
Proof. exact Transport.proved. Qed.

Theorem refuted : forall (t : list byte) (f : form) (c : list byte),
  Transport.check_refuted t f c = true -> ~ Prov f.
Proof. exact Transport.refuted. Qed.

Theorem proved_text : forall (t : list byte) (f : form) (c : list byte),
  Transport.check_proved t f c = true -> Text.print f = t.
Proof. exact Canonical.proved_text. Qed.

Theorem refuted_text : forall (t : list byte) (f : form) (c : list byte),
  Transport.check_refuted t f c = true -> Text.print f = t.
Proof. exact Canonical.refuted_text. Qed.

(** ** The program: from a question's text [t] and a certificate's [c] to a boolean

    [asks t q]: the text reads as the question, and the question prints as the text. *)

Theorem verify_proved_sound : forall t c : list byte, Verify.verify_proved t c = true ->
  exists q, Verify.asks t q /\ Prov (Verify.whole q) /\ Verify.consequence q.
Proof. exact Verify.verify_proved_sound. Qed.

Theorem verify_refuted_sound : forall t c : list byte, Verify.verify_refuted t c = true ->
  exists q, Verify.asks t q /\ ~ Prov (Verify.whole q) /\ ~ Verify.consequence q.
Proof. exact Verify.verify_refuted_sound. Qed.

Theorem verify_proved_goal : forall f (c : list byte),
  Verify.verify_proved (Text.print f) c = true -> Prov f.
Proof. exact Verify.verify_proved_goal. Qed.

Theorem verify_refuted_goal : forall f (c : list byte),
  Verify.verify_refuted (Text.print f) c = true -> ~ Prov f.
Proof. exact Verify.verify_refuted_goal. Qed.

Theorem premises : forall q, Prov (Verify.whole q) <-> Verify.consequence q.
Proof. exact Verify.premises. Qed.

Print Assumptions soundness.
Print Assumptions soundness_classic.
Print Assumptions soundness_finite.
Print Assumptions consistency.
Print Assumptions completeness.
Print Assumptions countermodel_exists.
Print Assumptions prov_dec.
Print Assumptions local_premises.
Print Assumptions global_premises.
Print Assumptions local_contradiction.
Print Assumptions global_contradiction.
Print Assumptions check_proof_sound.
Print Assumptions check_countermodel_sound.
Print Assumptions parse_print.
Print Assumptions print_inj.
Print Assumptions proved.
Print Assumptions refuted.
Print Assumptions proved_text.
Print Assumptions refuted_text.
Print Assumptions verify_proved_sound.
Print Assumptions verify_refuted_sound.
Print Assumptions verify_proved_goal.
Print Assumptions verify_refuted_goal.
Print Assumptions premises.
