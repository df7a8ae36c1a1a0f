(** * What is proved

    Every public theorem of the library, restated. [results.ref] stores the output
    of this file: none of them rests on an axiom. *)

From Coq Require Import List PArith Init.Byte.
From PXL Require Form Prov.
From PXLModal Require Import Syntax Semantics Frames Conservative.
From PXLModal Require Clausal Soundness Countermodel Text Transport Canonical Verify.
Import ListNotations.
Local Open Scope positive_scope.

(** ** Certificates *)

Theorem check_proof_sound : forall S global local f p,
  PXLModal.Clausal.check_proof S global local f p = true -> Entails S global local f.
Proof. exact PXLModal.Soundness.check_proof_sound. Qed.

Theorem check_countermodel_sound : forall S global local f m w,
  PXLModal.Countermodel.check_countermodel S global local f m w = true ->
  ~ Entails S global local f.
Proof. exact PXLModal.Countermodel.check_countermodel_sound. Qed.

(** The countermodel is decided, and of the setting's class of frames. *)
Theorem check_countermodel_model : forall S global local f m w,
  PXLModal.Countermodel.check_countermodel S global local f m w = true ->
  let M := PXLModal.Countermodel.model_of m in
  decided M /\ frame S M /\ (forall g, In g global -> forall u, sat M u g)
  /\ exists u, (forall d, In d local -> sat M u d) /\ ~ sat M u f.
Proof. exact PXLModal.Countermodel.check_countermodel_model. Qed.

(** ** Answers: a question, its text [t] and a certificate [c] *)

Theorem entailed : forall (t : list byte) S global local f (c : list byte),
  PXLModal.Transport.check_entailed t S global local f c = true -> Entails S global local f.
Proof. exact PXLModal.Transport.entailed. Qed.

Theorem not_entailed : forall (t : list byte) S global local f (c : list byte),
  PXLModal.Transport.check_not_entailed t S global local f c = true -> ~ Entails S global local f.
Proof. exact PXLModal.Transport.not_entailed. Qed.

(** ** Text *)

Theorem parse_print : forall f, PXLModal.Text.parse (PXLModal.Text.print f) = Some f.
Proof. exact Canonical.parse_print. Qed.

Theorem print_inj : forall f g, PXLModal.Text.print f = PXLModal.Text.print g -> f = g.
Proof. exact Canonical.print_inj. Qed.

Theorem entailed_text : forall (t : list byte) S global local f (c : list byte),
  PXLModal.Transport.check_entailed t S global local f c = true ->
  PXLModal.Text.print_question global local f = t.
Proof. exact Canonical.entailed_text. Qed.

Theorem not_entailed_text : forall (t : list byte) S global local f (c : list byte),
  PXLModal.Transport.check_not_entailed t S global local f c = true ->
  PXLModal.Text.print_question global local f = t.
Proof. exact Canonical.not_entailed_text. Qed.

(** ** The properties of frames, by the schemata that they are known by *)

Theorem serial_schema : forall W (R : W -> W -> Prop),
  valid_on R (Impl (Box 1 (Atom 1)) (Dia 1 (Atom 1))) <-> forall w, exists u, R w u.
Proof. exact @Frames.serial_schema. Qed.

Theorem reflexive_schema : forall W (R : W -> W -> Prop),
  valid_on R (Impl (Box 1 (Atom 1)) (Atom 1)) <-> forall w, R w w.
Proof. exact @Frames.reflexive_schema. Qed.

Theorem symmetric_schema : forall W (R : W -> W -> Prop),
  valid_on R (Impl (Atom 1) (Box 1 (Dia 1 (Atom 1)))) <-> forall w u, R w u -> R u w.
Proof. exact @Frames.symmetric_schema. Qed.

Theorem transitive_schema : forall W (R : W -> W -> Prop),
  valid_on R (Impl (Box 1 (Atom 1)) (Box 1 (Box 1 (Atom 1))))
  <-> forall w u v, R w u -> R u v -> R w v.
Proof. exact @Frames.transitive_schema. Qed.

Theorem euclidean_schema : forall W (R : W -> W -> Prop),
  valid_on R (Impl (Dia 1 (Atom 1)) (Box 1 (Dia 1 (Atom 1))))
  <-> forall w u v, R w u -> R w v -> R u v.
Proof. exact @Frames.euclidean_schema. Qed.

Theorem s5_reflexive_euclidean : forall W (R : W -> W -> Prop),
  class S5 R <-> reflexive R /\ euclidean R.
Proof. exact @Frames.s5_reflexive_euclidean. Qed.

Theorem kb4_symmetric_euclidean : forall W (R : W -> W -> Prop),
  class KB4 R <-> symmetric R /\ euclidean R.
Proof. exact @Frames.kb4_symmetric_euclidean. Qed.

Theorem serial_symmetric_transitive_reflexive : forall W (R : W -> W -> Prop),
  serial R -> symmetric R -> transitive R -> reflexive R.
Proof. exact @Frames.serial_symmetric_transitive_reflexive. Qed.

(** ** Each logic

    [certifies l P]: a goal whose certificate for the logic [l] is accepted is true at
    every world of every decided model whose relation has [P]. *)

Theorem valid_class : forall l f,
  Valid l f <-> forall M, decided M -> class l (access M 1) -> forall w, sat M w f.
Proof. exact Frames.valid_class. Qed.

Theorem valid_classic : (forall P : Prop, P \/ ~ P) ->
  forall l f, Valid l f -> forall M, class l (access M 1) -> forall w, sat M w f.
Proof. exact Frames.valid_classic. Qed.

Theorem k_certified : certifies K (fun _ _ => True).
Proof. exact Frames.k_certified. Qed.

Theorem d_certified : certifies D (fun _ R => serial R).
Proof. exact Frames.d_certified. Qed.

Theorem t_certified : certifies T (fun _ R => reflexive R).
Proof. exact Frames.t_certified. Qed.

Theorem b_certified : certifies B (fun _ R => reflexive R /\ symmetric R).
Proof. exact Frames.b_certified. Qed.

Theorem kb_certified : certifies KB (fun _ R => symmetric R).
Proof. exact Frames.kb_certified. Qed.

Theorem db_certified : certifies DB (fun _ R => serial R /\ symmetric R).
Proof. exact Frames.db_certified. Qed.

Theorem k4_certified : certifies K4 (fun _ R => transitive R).
Proof. exact Frames.k4_certified. Qed.

Theorem d4_certified : certifies D4 (fun _ R => serial R /\ transitive R).
Proof. exact Frames.d4_certified. Qed.

Theorem s4_certified : certifies S4 (fun _ R => reflexive R /\ transitive R).
Proof. exact Frames.s4_certified. Qed.

Theorem kb4_certified : certifies KB4 (fun _ R => symmetric R /\ transitive R).
Proof. exact Frames.kb4_certified. Qed.

Theorem k5_certified : certifies K5 (fun _ R => euclidean R).
Proof. exact Frames.k5_certified. Qed.

Theorem d5_certified : certifies D5 (fun _ R => serial R /\ euclidean R).
Proof. exact Frames.d5_certified. Qed.

Theorem k45_certified : certifies K45 (fun _ R => transitive R /\ euclidean R).
Proof. exact Frames.k45_certified. Qed.

Theorem kd45_certified : certifies KD45 (fun _ R => serial R /\ transitive R /\ euclidean R).
Proof. exact Frames.kd45_certified. Qed.

Theorem s5_certified : certifies S5 (fun _ R => reflexive R /\ symmetric R /\ transitive R).
Proof. exact Frames.s5_certified. Qed.

Theorem refuted_class : forall (t : list byte) l f (c : list byte),
  PXLModal.Transport.check_not_entailed t (single l) [] [] f c = true ->
  exists M, decided M /\ class l (access M 1) /\ exists w, ~ sat M w f.
Proof. exact Frames.refuted_class. Qed.

(** ** Conservativity: more relations, no new theorem of the old ones *)

Theorem conservative : forall old S S', harmless old S S' -> forall global local f,
  (forall g, In g global -> speaks old g = true) ->
  (forall d, In d local -> speaks old d = true) -> speaks old f = true ->
  Entails S' global local f -> Entails S global local f.
Proof. exact Conservative.conservative. Qed.

Theorem identity_harmless : forall S N, add_identity S N = true ->
  harmless (mentions S) S (extend_setting S N).
Proof. exact Conservative.identity_harmless. Qed.

Theorem themi_harmless : forall l n, harmless (mentions kernel) kernel (themi l n).
Proof. exact Conservative.themi_harmless. Qed.

Theorem doxa_harmless : forall l n, harmless (mentions kernel) kernel (doxa l n).
Proof. exact Conservative.doxa_harmless. Qed.

Theorem gnosi_harmless : forall l n, PXLModal.Clausal.knows l PXLModal.Clausal.Reflexive = true ->
  harmless (mentions (knowers l n)) (knowers l n) (gnosi l n).
Proof. exact Conservative.gnosi_harmless. Qed.

Theorem tense_harmless : (forall P : Prop, P \/ ~ P) ->
  forall l, reversible l -> harmless (mentions (single l)) (single l) (tense l).
Proof. exact Conservative.tense_harmless. Qed.

(** ** The kernel is the logic of one S5 relation *)

Theorem s5_kernel : forall f, Prov.Prov f <-> Valid S5 (embed f).
Proof. exact Conservative.s5_kernel. Qed.

Theorem kernel_conservative : forall S, harmless (mentions kernel) kernel S ->
  forall f, Entails S [] [] (embed f) -> Prov.Prov f.
Proof. exact Conservative.kernel_conservative. Qed.

(** ** The program: from a question's text [t] and a certificate's [c] to a boolean

    [asks t S q]: the text reads as the question, and the question prints as the text. *)

Theorem verify_entailed_sound : forall t c : list byte,
  PXLModal.Verify.verify_entailed t c = true ->
  exists S global local f, PXLModal.Verify.asks t S (PXL.Verify.Question global local f)
  /\ Entails S global local f.
Proof. exact PXLModal.Verify.verify_entailed_sound. Qed.

Theorem verify_not_entailed_sound : forall t c : list byte,
  PXLModal.Verify.verify_not_entailed t c = true ->
  exists S global local f, PXLModal.Verify.asks t S (PXL.Verify.Question global local f)
  /\ ~ Entails S global local f.
Proof. exact PXLModal.Verify.verify_not_entailed_sound. Qed.

Print Assumptions check_proof_sound.
Print Assumptions check_countermodel_sound.
Print Assumptions check_countermodel_model.
Print Assumptions entailed.
Print Assumptions not_entailed.
Print Assumptions parse_print.
Print Assumptions print_inj.
Print Assumptions entailed_text.
Print Assumptions not_entailed_text.
Print Assumptions serial_schema.
Print Assumptions reflexive_schema.
Print Assumptions symmetric_schema.
Print Assumptions transitive_schema.
Print Assumptions euclidean_schema.
Print Assumptions s5_reflexive_euclidean.
Print Assumptions kb4_symmetric_euclidean.
Print Assumptions serial_symmetric_transitive_reflexive.
Print Assumptions valid_class.
Print Assumptions valid_classic.
Print Assumptions k_certified.
Print Assumptions d_certified.
Print Assumptions t_certified.
Print Assumptions b_certified.
Print Assumptions kb_certified.
Print Assumptions db_certified.
Print Assumptions k4_certified.
Print Assumptions d4_certified.
Print Assumptions s4_certified.
Print Assumptions kb4_certified.
Print Assumptions k5_certified.
Print Assumptions d5_certified.
Print Assumptions k45_certified.
Print Assumptions kd45_certified.
Print Assumptions s5_certified.
Print Assumptions refuted_class.
Print Assumptions conservative.
Print Assumptions identity_harmless.
Print Assumptions themi_harmless.
Print Assumptions doxa_harmless.
Print Assumptions gnosi_harmless.
Print Assumptions tense_harmless.
Print Assumptions s5_kernel.
Print Assumptions kernel_conservative.
Print Assumptions verify_entailed_sound.
Print Assumptions verify_not_entailed_sound.
