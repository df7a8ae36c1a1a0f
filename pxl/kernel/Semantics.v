(** * Kripke models, and the finite universal ones that countermodels are

    [sat] is truth in an arbitrary Kripke model; [eval] is its boolean
    counterpart in a finite model where every world sees every world. *)

From Coq Require Import List PArith Bool.
From PXL Require Import Form.
Import ListNotations.

Record model : Type := Model {
  world : Type;
  access : world -> world -> Prop;
  holds : world -> positive -> Prop
}.

Fixpoint sat (M : model) (w : world M) (f : form) : Prop :=
  match f with
  | Atom p => holds M w p
  | Bot => False
  | Neg a => ~ sat M w a
  | Conj a b => sat M w a /\ sat M w b
  | Disj a b => sat M w a \/ sat M w b
  | Impl a b => sat M w a -> sat M w b
  | Iff a b => sat M w a <-> sat M w b
  | Box a => forall u, access M w u -> sat M u a
  | Dia a => exists u, access M w u /\ sat M u a
  end.

Definition equivalence (M : model) : Prop :=
  (forall w, access M w w)
  /\ (forall w u, access M w u -> access M u w)
  /\ (forall w u v, access M w u -> access M u v -> access M w v).

(** Every formula is true or not at every world: excluded middle for this model
    only. It holds of every finite boolean model without any axiom. *)
Definition decided (M : model) : Prop :=
  forall w f, sat M w f \/ ~ sat M w f.

(** A valuation says which atoms are true; a finite universal model is a list
    of them, each one a world. *)
Definition valuation : Type := positive -> bool.

Fixpoint eval (m : list valuation) (v : valuation) (f : form) : bool :=
  match f with
  | Atom p => v p
  | Bot => false
  | Neg a => negb (eval m v a)
  | Conj a b => eval m v a && eval m v b
  | Disj a b => eval m v a || eval m v b
  | Impl a b => implb (eval m v a) (eval m v b)
  | Iff a b => Bool.eqb (eval m v a) (eval m v b)
  | Box a => forallb (fun u => eval m u a) m
  | Dia a => existsb (fun u => eval m u a) m
  end.

(** True at every world of every finite universal model. *)
Definition valid (f : form) : Prop :=
  forall m v, In v m -> eval m v f = true.
