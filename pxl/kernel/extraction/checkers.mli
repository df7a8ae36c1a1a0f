(* What the drivers see of the extracted program: the six functions of Verify.v. *)

val verify_proved : char list -> char list -> bool
val verify_refuted : char list -> char list -> bool
val verify_entailed : char list -> char list -> bool
val verify_not_entailed : char list -> char list -> bool
val verify_holds : char list -> char list -> bool
val verify_fails : char list -> char list -> bool
