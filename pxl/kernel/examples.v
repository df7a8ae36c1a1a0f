(** * Examples: one goal in a session

    What the server sends for a goal, short and long. These sentences, and the
    three that a session reads first, are all that ever reaches Coq. *)

From Coq Require Import BinPosDef.
From PXL Require Import Form Prov Transport Words.
Local Open Scope text_scope.

(** [BOX(A -> A)] is a theorem: the clause {A -> A} by propagation, then
    necessitation. Closed under the global context. *)
Module Proved.
Definition goal : form := Box (Impl (Atom 1) (Atom 1)).
Theorem answer : Prov goal.
Proof.
exact (proved "BOX(p1 -> p1)" goal "116118201401201405026316070"
  ltac:(vm_cast_no_check (@eq_refl bool true))).
Qed.
End Proved.

(** [A -> BOX(A)] is none: it is false at world 0 of two, the first of which has
    [A]. Closed under the global context. *)
Module Refuted.
Definition goal : form := Impl (Atom 1) (Box (Atom 1)).
Theorem answer : ~ Prov goal.
Proof.
exact (refuted "p1 -> BOX(p1)" goal "0100"
  ltac:(vm_cast_no_check (@eq_refl bool true))).
Qed.
End Refuted.

(** A long goal or certificate travels as an array, and gets a name, so that no
    message of Coq's ever repeats it. This one is axiom K; it rests on the eight
    primitives that [Words] names, and on nothing else. *)
Module Long.
Definition name := unpack
  [| 4493046029521135554;
     2900592393775265823;
     3260788163900483520;
     2983002832613969979;
     37 | 0 |]%uint63.
Definition certificate := unpack
  [| 3706684093879834801;
     3777633517636032695;
     3704423601876523061;
     4206645225192200242;
     4566933193773423543;
     43 | 0 |]%uint63.
Definition goal : form := formula name.
Theorem answer : Prov goal.
Proof.
exact (proved name goal certificate
  ltac:(vm_cast_no_check (@eq_refl bool true))).
Qed.

(** What [goal] is. *)
Theorem reads : goal =
  Impl (Box (Impl (Atom 1) (Atom 2))) (Impl (Box (Atom 1)) (Box (Atom 2))).
Proof. vm_cast_no_check (@eq_refl form goal). Qed.
End Long.
