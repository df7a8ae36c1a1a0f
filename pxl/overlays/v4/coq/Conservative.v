(** * v4 proves what the kernel proves, and nothing else

    A formula of v4 is asked as its kernel formula, so [Prov4] is defined by
    [core]. That this is right is [prov4_valid]: it is truth in every S5 model,
    by the meaning that [sat4] gives each connective directly. *)

From Coq Require Import List.
From PXL Require Import Form Prov Semantics Soundness Completeness.
From PXLV4 Require Import Syntax.

Definition Prov4 (f : form4) : Prop := Prov (core f).

Definition valid4 (f : form4) : Prop :=
  forall M, equivalence M -> decided M -> forall w, sat4 M w f.

(** On the formulas of the kernel, v4 has the kernel's theorems. *)
Theorem v4_conservative : forall f, Prov4 (embed f) <-> Prov f.
Proof. intros f; unfold Prov4; rewrite core_embed; reflexivity. Qed.

Theorem prov4_valid : forall f, Prov4 f <-> valid4 f.
Proof.
  intros f; split.
  - intros H M E D w; apply (core_ok M D); exact (soundness (core f) H M E D w).
  - intros H; apply completeness; intros m v V.
    pose proof (H (universal m) (universal_equivalence m) (universal_decided m) (exist _ v V)) as S.
    apply (core_ok _ (universal_decided m)), sat_universal in S; exact S.
Qed.

(** Every formula of v4 is equivalent to a kernel formula, in every S5 model. *)
Theorem nothing_new : forall f, exists g,
  forall M, decided M -> forall w, sat4 M w f <-> sat4 M w (embed g).
Proof.
  intros f; exists (core f); intros M D w.
  rewrite (core_ok M D f w), (core_ok M D (embed (core f)) w), core_embed; reflexivity.
Qed.

Theorem prov4_dec : forall f, {Prov4 f} + {~ Prov4 f}.
Proof. intros f; exact (prov_dec (core f)). Defined.
