(** * Examples: one question in a session

    What the server sends, with certificates that the search wrote; and
    certificates that are wrong, which the checkers reject. *)

From Coq Require Import BinPosDef.
From PXL Require Import Form Prov Transport Words.
From PXLModal Require Session.
Import PXLModal.Session.

(** ** One relation *)

(** BOX(p -> q) -> (BOX(p) -> BOX(q)) holds in every frame. *)
Module Distribution.
Definition goal : mform :=
  Impl (Box 1 (Impl (Atom 1) (Atom 2))) (Impl (Box 1 (Atom 1)) (Box 1 (Atom 2))).
Theorem answer : Valid K goal.
Proof.
exact (entailed "BOX(p1 -> p2) -> (BOX(p1) -> BOX(p2))" (Setting [(1, K)] [] []) [] [] goal
  "111261281381181265664708137403021:;9<01@07845;01@0<0"
  ltac:(vm_cast_no_check (@eq_refl bool true))).
Qed.
End Distribution.

(** BOX(p) -> DIA(p) holds in serial ones: a step without a witness. *)
Module Consistency.
Definition goal : mform := Impl (Box 1 (Atom 1)) (Dia 1 (Atom 1)).
Theorem answer : Valid D goal.
Proof.
exact (entailed "BOX(p1) -> DIA(p1)" (Setting [(1, D)] [] []) [] [] goal
  "118119116230413200214560180125018060"
  ltac:(vm_cast_no_check (@eq_refl bool true))).
Qed.
End Consistency.

(** p -> BOX(DIA(p)) holds in symmetric ones: the step looks back. *)
Module Symmetry.
Definition goal : mform := Impl (Atom 1) (Box 1 (Dia 1 (Atom 1))).
Theorem answer : Valid B goal.
Proof.
exact (entailed "p1 -> BOX(DIA(p1))" (Setting [(1, B)] [] []) [] [] goal
  "119118126130415400216360180347018080"
  ltac:(vm_cast_no_check (@eq_refl bool true))).
Qed.
End Symmetry.

(** BOX(p) -> BOX(BOX(p)) holds in transitive ones: a box is inherited. *)
Module Introspection.
Definition goal : mform := Impl (Box 1 (Atom 1)) (Box 1 (Box 1 (Atom 1))).
Definition certificate : bytes := "118118126230415400216560180347018080".
Theorem answer : Valid S4 goal.
Proof.
exact (entailed "BOX(p1) -> BOX(BOX(p1))" (Setting [(1, S4)] [] []) [] [] goal certificate
  ltac:(vm_cast_no_check (@eq_refl bool true))).
Qed.

(** The same certificate for other logics: rejected. K4 has no clause 7. *)
Definition check (l : logic) (c : bytes) : bool :=
  check_entailed ("BOX(p1) -> BOX(BOX(p1))" : bytes) (single l) [] [] goal c.
Example for_s5 : check S5 certificate = true.
Proof. reflexivity. Qed.
Example not_for_t : check T certificate = false.
Proof. reflexivity. Qed.
Example not_for_b : check B certificate = false.
Proof. reflexivity. Qed.
Example not_for_k4 : check K4 certificate = false.
Proof. reflexivity. Qed.

(** One number changed: another node, relation, premise, literal, hint, root. *)
Example wrong_node : check S4 "118118116230415400216560180347018080" = false.
Proof. reflexivity. Qed.
Example wrong_relation : check S4 "118118126230415400226560180347018080" = false.
Proof. reflexivity. Qed.
Example wrong_premise : check S4 "118118126230415400215560180347018080" = false.
Proof. reflexivity. Qed.
Example wrong_literal : check S4 "118118126230415400216570180347018080" = false.
Proof. reflexivity. Qed.
Example wrong_hint : check S4 "118118126230415400216560180346018080" = false.
Proof. reflexivity. Qed.
Example wrong_root : check S4 "118118126230315400216560180347018080" = false.
Proof. reflexivity. Qed.
Example cut_short : check S4 "11811812623041540021656018034701808" = false.
Proof. reflexivity. Qed.
Example no_step : check S4 "11811812623040" = false.
Proof. reflexivity. Qed.
End Introspection.

(** DIA(p) -> BOX(DIA(p)) holds in euclidean frames; a reflexive transitive one
    refutes it. *)
Module Negative.
Definition goal : mform := Impl (Dia 1 (Atom 1)) (Box 1 (Dia 1 (Atom 1))).
Theorem answer : Valid KD45 goal.
Proof.
exact (entailed "DIA(p1) -> BOX(DIA(p1))" (Setting [(1, KD45)] [] []) [] [] goal
  "119118126230415400214560180125018060"
  ltac:(vm_cast_no_check (@eq_refl bool true))).
Qed.

Definition countermodel : bytes := "03010012302030".
Theorem answer' : ~ Valid S4 goal.
Proof.
exact (not_entailed "DIA(p1) -> BOX(DIA(p1))" (Setting [(1, S4)] [] []) [] [] goal countermodel
  ltac:(vm_cast_no_check (@eq_refl bool true))).
Qed.

(** It is no model of these, and it must refute the goal at a world that exists. *)
Definition check (l : logic) (c : bytes) : bool :=
  check_not_entailed ("DIA(p1) -> BOX(DIA(p1))" : bytes) (single l) [] [] goal c.
Example for_t : check T countermodel = true.
Proof. reflexivity. Qed.
Example not_for_b : check B countermodel = false.
Proof. reflexivity. Qed.
Example not_for_s5 : check S5 countermodel = false.
Proof. reflexivity. Qed.
Example not_for_kd45 : check KD45 countermodel = false.
Proof. reflexivity. Qed.
Example other_world : check S4 "13010012302030" = false.
Proof. reflexivity. Qed.
Example no_world : check S4 "33010012302030" = false.
Proof. reflexivity. Qed.
Example other_successors : check S4 "03010012302000" = false.
Proof. reflexivity. Qed.
Example other_text : check_not_entailed ("DIA(p1) -> BOX(p1)" : bytes) (single S4) [] [] goal
  countermodel = false.
Proof. reflexivity. Qed.
End Negative.

(** ** Several relations *)

(** What agents 1 and 2 know together is what follows from what each knows. *)
Module Distributed.
Definition goal : mform :=
  Impl (Conj (Box 1 (Atom 1)) (Box 2 (Impl (Atom 1) (Atom 2)))) (Box 3 (Atom 2)).
Definition text : bytes := "(BOX(p1) /\ BOX[2](p1 -> p2)) -> BOX[3](p2)".
Definition certificate : bytes := "118111261382442583366708193604023=;5>01@0:;67>01@0?0".
Definition all : setting := Setting [(1, S5); (2, S5); (3, S5)] [(3, 1); (3, 2)] [].
Theorem answer : Entails all [] [] goal.
Proof.
exact (entailed text all [] [] goal certificate ltac:(vm_cast_no_check (@eq_refl bool true))).
Qed.

Example without_an_inclusion :
  check_entailed text (Setting (logics all) [(3, 1)] []) [] [] goal certificate = false.
Proof. reflexivity. Qed.
End Distributed.

(** What one agent knows another need not. *)
Module Private.
Definition goal : mform := Impl (Box 1 (Atom 1)) (Box 2 (Atom 1)).
Theorem answer : ~ Entails (Setting [(1, S5); (2, S5)] [] []) [] [] goal.
Proof.
exact (not_entailed "BOX(p1) -> BOX[2](p1)" (Setting [(1, S5); (2, S5)] [] []) [] [] goal
  "021001020120120"
  ltac:(vm_cast_no_check (@eq_refl bool true))).
Qed.

Example not_if_included : check_not_entailed ("BOX(p1) -> BOX[2](p1)" : bytes)
  (Setting [(1, S5); (2, S5)] [(2, 1)] []) [] [] goal ("021001020120120" : bytes) = false.
Proof. reflexivity. Qed.
End Private.

(** Ought (relation 1) implies can (relation 2). *)
Module Ought.
Definition goal : mform := Impl (Box 1 (Atom 1)) (Dia 2 (Atom 1)).
Theorem answer : Entails (Setting [(1, D); (2, S5)] [(1, 2)] []) [] [] goal.
Proof.
exact (entailed "BOX(p1) -> DIA[2](p1)" (Setting [(1, D); (2, S5)] [(1, 2)] []) [] [] goal
  "118119216230413200215560180236018070"
  ltac:(vm_cast_no_check (@eq_refl bool true))).
Qed.
End Ought.

(** What is so will always have been so: relation 1 is the past, 2 the future. *)
Module Tense.
Definition goal : mform := Impl (Atom 1) (Box 2 (Dia 1 (Atom 1))).
Theorem answer : Entails (Setting [(1, K); (2, K)] [] [(1, 2); (2, 1)]) [] [] goal.
Proof.
exact (entailed "p1 -> BOX[2](DIA(p1))" (Setting [(1, K); (2, K)] [] [(1, 2); (2, 1)]) [] [] goal
  "119118226130415400224360180125018060"
  ltac:(vm_cast_no_check (@eq_refl bool true))).
Qed.

Example not_without_converse : check_entailed ("p1 -> BOX[2](DIA(p1))" : bytes)
  (Setting [(1, K); (2, K)] [] [(1, 2)]) [] [] goal
  ("119118226130415400224360180125018060" : bytes) = false.
Proof. reflexivity. Qed.
End Tense.

(** ** Assumptions *)

(** What is so everywhere is necessary; what is so here need not be. *)
Module Assumed.
Definition goal : mform := Box 1 (Atom 1).
Theorem answer : Entails (Setting [(1, K)] [] []) [Atom 1] [] goal.
Proof.
exact (entailed "p1 |= BOX(p1)" (Setting [(1, K)] [] []) [Atom 1] [] goal
  "11811021120102124014030"
  ltac:(vm_cast_no_check (@eq_refl bool true))).
Qed.

Theorem answer' : ~ Entails (Setting [(1, S4)] [] []) [] [Atom 1] goal.
Proof.
exact (not_entailed "p1 |- BOX(p1)" (Setting [(1, S4)] [] []) [] [Atom 1] goal
  "0210012020"
  ltac:(vm_cast_no_check (@eq_refl bool true))).
Qed.

Example not_globally : check_not_entailed ("p1 |= BOX(p1)" : bytes) (single S4) [Atom 1] [] goal
  ("0210012020" : bytes) = false.
Proof. reflexivity. Qed.
End Assumed.

(** From BOX(p) and q, here, p; only the first is used. *)
Module Local.
Theorem answer : Entails (Setting [(1, T)] [] []) [] [Box 1 (Atom 1); Atom 2] (Atom 1).
Proof.
exact (entailed "BOX(p1) |- p2 |- p1" (Setting [(1, T)] [] []) []
  [Box 1 (Atom 1); Atom 2] (Atom 1) "11811120123152010"
  ltac:(vm_cast_no_check (@eq_refl bool true))).
Qed.
End Local.

(** ** A long goal is written as its text *)
Module Long.
Theorem reads : formula "DIA[12](~p1 /\ BOX(BOT)) <-> (p23 \/ BOX[2](p1 -> p2))" =
  Iff (Dia 12 (Conj (Neg (Atom 1)) (Box 1 Bot)))
    (Disj (Atom 23) (Box 2 (Impl (Atom 1) (Atom 2)))).
Proof. reflexivity. Qed.
End Long.
