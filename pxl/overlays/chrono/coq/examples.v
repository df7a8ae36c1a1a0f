(** * Goals of linear time, as the server sends them *)

From Coq Require Import List BinPosDef.
From PXL Require Import Transport.
From PXLChrono Require Import Syntax Semantics Clausal Countermodel Trace Transport.
Import ListNotations.
Local Open Scope text_scope.

(** What holds at all times holds at some time. *)
Module Sometime.
Definition goal : tform := Impl (Globally (Atom 1)) (Eventually (Atom 1)).
Theorem answer : Valid goal.
Proof.
exact (valid "G(p1) -> F(p1)" goal "1137928399276:;0<1H016;<790"
  ltac:(vm_cast_no_check (@eq_refl bool true))).
Qed.
End Sometime.

(** Induction along the run. *)
Module Induction.
Definition goal : tform :=
  Impl (Conj (Atom 1) (Globally (Impl (Atom 1) (Next (Atom 1))))) (Globally (Atom 1)).
Definition name := "(p1 /\ G(p1 -> X(p1))) -> G(p1)".
Theorem answer : Valid goal.
Proof.
exact (valid name goal "11876783992:3;47<3792>3?6=@8;8=0A1K>0168=01J?F016;?02JV1AT101KV1016=>GK:;03J?V1IL1R1016BCILM0"
  ltac:(vm_cast_no_check (@eq_refl bool true))).
Qed.

(** The certificate speaks of time without end. *)
Example other_time : check_valid true name goal
  "11876783992:3;47<3792>3?6=@8;8=0A1K>0168=01J?F016;?02JV1AT101KV1016=>GK:;03J?V1IL1R1016BCILM0" = false.
Proof. vm_compute; reflexivity. Qed.

(** Another text, a wrong hint, a step left out, an induction that does not hand on. *)
Example other_text : check_valid false "(p1 /\ G(p1 -> X(p1))) -> G(p2)" goal
  "11876783992:3;47<3792>3?6=@8;8=0A1K>0168=01J?F016;?02JV1AT101KV1016=>GK:;03J?V1IL1R1016BCILM0" = false.
Proof. vm_compute; reflexivity. Qed.
Example wrong_hint : check_valid false name goal
  "11876783992:3;47<3792>3?6=@8;8=0A1K>0168=01J?F016;?02JV1AT101KV1016=>GK:;03J?V1IL1R1016BCIL10" = false.
Proof. vm_compute; reflexivity. Qed.
Example left_out : check_valid false name goal
  "11876783992:3;47<3792>3?6=@8;8=0A1K>0168=01J?F016;?02JV1AT101KV1016=>GK:;0R1016BCILM0" = false.
Proof. vm_compute; reflexivity. Qed.
Example not_handed_on : check_valid false name goal
  "11876783992:3;47<3792>3?6=@8;8=0A1K>0168=01J?F016;?02JV1AT101KV1016=>GK:;03J?V1IIR1016BCILM0" = false.
Proof. vm_compute; reflexivity. Qed.
Example wrong_until : check_valid false name goal
  "11876783992:3;47<3792>3?6=@8;8=0A1K>0168=01J?F016;?02JV1AT101KV1016=>GK:;03J;V1IL1R1016BCILM0" = false.
Proof. vm_compute; reflexivity. Qed.
End Induction.

(** What is true now will always have been. *)
Module Past.
Definition goal : tform := Impl (Atom 1) (Globally (Once (Atom 1))).
Theorem answer : Valid goal.
Proof.
exact (valid "p1 -> G(P(p1))" goal "11;27389293:67;:8880<1A@001K@01679;>@02CAL01AL016D03@:LBE1H016;<F70"
  ltac:(vm_cast_no_check (@eq_refl bool true))).
Qed.
End Past.

(** Again and again, in finite time: true at the last position, so always from there. *)
Module Finite.
Definition goal : tform :=
  Impl (Globally (Eventually (Atom 1))) (Eventually (Globally (Atom 1))).
Theorem answer : ValidFinite goal.
Proof.
exact (valid_finite "G(F(p1)) -> F(G(p1))" goal "11927389293:3792<3=92>6;?8:8?3?4;C8D8=880@1Y16014BEHIKLO9=AMP101X1DN0169=ADGJ02S1Z1R1T101Y16014BEHIKLOR101Y17Z1016HI9=ADGT103X16Z1U1V11P1016?@DGJR1T1W10"
  ltac:(vm_cast_no_check (@eq_refl bool true))).
Qed.

(** In infinite time it can be true at every other position. *)
Theorem infinite : ~ Valid goal.
Proof.
exact (not_valid "G(F(p1)) -> F(G(p1))" goal "1100"
  ltac:(vm_cast_no_check (@eq_refl bool true))).
Qed.

(** There, no position is the last. *)
Theorem no_end : ~ ValidFinite (Globally (Next (Neg Bot))).
Proof.
exact (not_valid_finite "G(X(~BOT))" (Globally (Next (Neg Bot))) "00"
  ltac:(vm_cast_no_check (@eq_refl bool true))).
Qed.
End Finite.

(** A lasso with operators of the past: the loop is unrolled until they repeat
    themselves. Between any two p's there is a q, but not before the first. *)
Module Lasso.
Definition goal : tform :=
  Globally (Impl (Atom 1) (Prev (Since (Neg (Atom 1)) (Atom 2)))).
Theorem answer : ~ Valid goal.
Proof.
exact (not_valid "G(p1 -> Y(~p1 S p2))" goal "11020"
  ltac:(vm_cast_no_check (@eq_refl bool true))).
Qed.
(** After the first, it is right. *)
Example later : check_not_valid "X(G(p1 -> Y(~p1 S p2)))" (Next goal) "11020" = false.
Proof. vm_compute; reflexivity. Qed.
(** The loop must begin within the lasso. *)
Example outside : check_not_valid "G(p1 -> Y(~p1 S p2))" goal "31020" = false.
Proof. vm_compute; reflexivity. Qed.
End Lasso.

(** A log: what is allowed has been proved before. *)
Module Log.
Definition goal : tform := Globally (Impl (Atom 1) (Once (Atom 2))).
Theorem answer : Holds (trace "201000100") goal.
Proof.
exact (holds "G(p1 -> P(p2))" goal (trace "201000100") ltac:(vm_cast_no_check (@eq_refl bool true))).
Qed.
Theorem not_at_first : ~ Holds (trace "10201000") goal.
Proof.
exact (not_holds "G(p1 -> P(p2))" goal (trace "10201000")
  ltac:(vm_cast_no_check (@eq_refl bool true))).
Qed.
Example reads : trace "201000" = [[2]; [1]; []; []]%positive.
Proof. vm_compute; reflexivity. Qed.
End Log.

(** A long goal travels as a table. *)
Example table : formula "11B1G=2" = At 13 (Once (Atom 1)).
Proof. vm_compute; reflexivity. Qed.
