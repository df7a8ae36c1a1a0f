(** * What a session imports for one question

    A session requires this file once, and imports it with each question, whose
    sentences are, for example,
<<
Import PXLModal.Session.
Definition goal : mform := (Impl (Box 1 (Atom 1)) (Atom 1)).
Theorem answer : ~ Entails (Setting [(1, K4)] [] []) [] [] goal.
Proof.
exact (not_entailed "BOX(p1) -> p1" _ _ _ goal "0100" ltac:(vm_cast_no_check (@eq_refl bool true))).
Qed.
>>
    In a setting, numbers are relations; relation 1 is the one without a label,
    and relation [n] appears in the text as [BOX[n](…)]. *)

From Coq Require Import List PArith.
From PXL Require Transport.
From PXLModal Require Syntax Semantics Transport.

Export ListNotations.
Export PXLModal.Syntax PXLModal.Semantics.
Export PXL.Transport PXLModal.Transport.

Open Scope list_scope.
Open Scope positive_scope.
Open Scope text_scope.
