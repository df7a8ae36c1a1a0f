(** * What is proved of v4

    Every public theorem, restated. [results.ref] stores the output of this
    file: none of them rests on an axiom. *)

From Coq Require Import List.
From PXL Require Import Form Prov Semantics.
From PXLV4 Require Syntax Conservative Ast.
Import Syntax (form4, sat4, core, embed).
Import Conservative (Prov4, valid4).
Import Ast (encode, decode).

(** ** The extra connectives say what they should *)

Theorem core_ok : forall M, decided M -> forall f w, sat4 M w f <-> sat M w (core f).
Proof. exact Syntax.core_ok. Qed.

Theorem core_embed : forall f, core (embed f) = f.
Proof. exact Syntax.core_embed. Qed.

(** ** v4 adds no theorem *)

Theorem v4_conservative : forall f, Prov4 (embed f) <-> Prov f.
Proof. exact Conservative.v4_conservative. Qed.

(** Its theorems are what is true at every world of every S5 model. *)
Theorem prov4_valid : forall f, Prov4 f <-> valid4 f.
Proof. exact Conservative.prov4_valid. Qed.

Theorem nothing_new : forall f, exists g,
  forall M, decided M -> forall w, sat4 M w f <-> sat4 M w (embed g).
Proof. exact Conservative.nothing_new. Qed.

Theorem prov4_dec : forall f, {Prov4 f} + {~ Prov4 f}.
Proof. exact Conservative.prov4_dec. Defined.

(** ** JSON *)

Theorem decode_encode : forall f, decode (encode f) = Some f.
Proof. exact Ast.decode_encode. Qed.

Theorem encode_inj : forall f g, encode f = encode g -> f = g.
Proof. exact Ast.encode_inj. Qed.

Print Assumptions core_ok.
Print Assumptions core_embed.
Print Assumptions v4_conservative.
Print Assumptions prov4_valid.
Print Assumptions nothing_new.
Print Assumptions prov4_dec.
Print Assumptions decode_encode.
Print Assumptions encode_inj.
