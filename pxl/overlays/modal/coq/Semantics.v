(** * Kripke models with any number of relations, and consequence over them

    What an answer of the overlay [modal] says. To believe one, read this file
    and [mform]. *)

From Coq Require Import List PArith.
From PXLModal Require Import Syntax.
Import ListNotations.

Record model : Type := Model {
  world : Type;
  access : positive -> world -> world -> Prop;
  holds : world -> positive -> Prop
}.

Fixpoint sat (M : model) (w : world M) (f : mform) : Prop :=
  match f with
  | Atom p => holds M w p
  | Bot => False
  | Neg a => ~ sat M w a
  | Conj a b => sat M w a /\ sat M w b
  | Disj a b => sat M w a \/ sat M w b
  | Impl a b => sat M w a -> sat M w b
  | Iff a b => sat M w a <-> sat M w b
  | Box r a => forall u, access M r w u -> sat M u a
  | Dia r a => exists u, access M r w u /\ sat M u a
  end.

(** Every formula is true or not at every world: excluded middle for this model
    only. It holds of every finite boolean model without any axiom. *)
Definition decided (M : model) : Prop :=
  forall w f, sat M w f \/ ~ sat M w f.

(** ** Properties of a relation *)
Section Properties.
Context {W : Type}.
Variable R : W -> W -> Prop.

Definition serial : Prop := forall w, exists u, R w u.
Definition reflexive : Prop := forall w, R w w.
Definition symmetric : Prop := forall w u, R w u -> R u w.
Definition transitive : Prop := forall w u v, R w u -> R u v -> R w v.
Definition euclidean : Prop := forall w u v, R w u -> R w v -> R u v.
End Properties.

(** ** Logics, each by its frames *)
Inductive logic : Type :=
| K | D | T | B | KB | DB | K4 | D4 | S4 | KB4 | K5 | D5 | K45 | KD45 | S5.

Definition class (l : logic) {W : Type} (R : W -> W -> Prop) : Prop :=
  match l with
  | K => True
  | D => serial R
  | T => reflexive R
  | B => reflexive R /\ symmetric R
  | KB => symmetric R
  | DB => serial R /\ symmetric R
  | K4 => transitive R
  | D4 => serial R /\ transitive R
  | S4 => reflexive R /\ transitive R
  | KB4 => symmetric R /\ transitive R
  | K5 => euclidean R
  | D5 => serial R /\ euclidean R
  | K45 => transitive R /\ euclidean R
  | KD45 => serial R /\ transitive R /\ euclidean R
  | S5 => reflexive R /\ symmetric R /\ transitive R
  end.

(** ** Settings

    Which logic each relation has (one that is not listed may be any relation),
    which relations are included in which, and which relations have which
    converses: [(r, s)] in [converse] says that [s] goes back wherever [r] goes. *)
Record setting : Type := Setting {
  logics : list (positive * logic);
  included : list (positive * positive);
  converse : list (positive * positive)
}.

Record frame (S : setting) (M : model) : Prop := Frame {
  frame_logic : forall r l, In (r, l) (logics S) -> class l (access M r);
  frame_included : forall r s, In (r, s) (included S) ->
    forall w u, access M r w u -> access M s w u;
  frame_converse : forall r s, In (r, s) (converse S) ->
    forall w u, access M r w u -> access M s u w
}.

(** ** Consequence

    [global] assumptions are true at every world of the model, [local] ones at
    the world in question. *)
Definition Entails (S : setting) (global local : list mform) (f : mform) : Prop :=
  forall M, decided M -> frame S M ->
  (forall g, In g global -> forall w, sat M w g) ->
  forall w, (forall d, In d local -> sat M w d) -> sat M w f.

(** One relation, number 1, and no assumption. *)
Definition single (l : logic) : setting := Setting [(1%positive, l)] [] [].

Definition Valid (l : logic) (f : mform) : Prop := Entails (single l) [] [] f.
