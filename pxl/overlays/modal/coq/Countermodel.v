(** * Certificates of refutation: finite countermodels

    A countermodel lists the true atoms of each world and the successors of each
    world by each relation, and names a world where the goal is false. One that
    passes [check_countermodel] shows that the goal does not follow. *)

From Coq Require Import List PArith Bool.
From PXL Require Import Form Trie.
From PXLModal Require Import Syntax Semantics.
Import ListNotations.

(** [worlds] are numbers; [true_at w] the atoms of world [w]; [edges r w] what it
    sees by relation [r]. *)
Record finite : Type := {
  worlds : list positive;
  true_at : trie set;
  edges : trie (trie set)
}.

(** ** The frame *)
Fixpoint every (ws : list positive) (t : positive -> bool) : bool :=
  match ws with [] => true | w :: ws => if t w then every ws t else false end.

Fixpoint some (ws : list positive) (t : positive -> bool) : bool :=
  match ws with [] => false | w :: ws => if t w then true else some ws t end.

Definition sees (m : finite) (r w u : positive) : bool :=
  mem u (get Leaf w (get Leaf r (edges m))).

(** Every world that [w] sees passes the test. *)
Definition onward (m : finite) (r w : positive) (t : positive -> bool) : bool :=
  every (worlds m) (fun u => if sees m r w u then t u else true).

Definition is_serial (m : finite) (r : positive) : bool :=
  every (worlds m) (fun w => some (worlds m) (sees m r w)).
Definition is_reflexive (m : finite) (r : positive) : bool :=
  every (worlds m) (fun w => sees m r w w).
Definition is_symmetric (m : finite) (r : positive) : bool :=
  every (worlds m) (fun w => onward m r w (fun u => sees m r u w)).
Definition is_transitive (m : finite) (r : positive) : bool :=
  every (worlds m) (fun w => onward m r w (fun u => onward m r u (sees m r w))).
Definition is_euclidean (m : finite) (r : positive) : bool :=
  every (worlds m) (fun w => onward m r w (fun u => onward m r w (sees m r u))).

Definition in_class (m : finite) (r : positive) (l : logic) : bool :=
  match l with
  | K => true
  | D => is_serial m r
  | T => is_reflexive m r
  | B => if is_reflexive m r then is_symmetric m r else false
  | KB => is_symmetric m r
  | DB => if is_serial m r then is_symmetric m r else false
  | K4 => is_transitive m r
  | D4 => if is_serial m r then is_transitive m r else false
  | S4 => if is_reflexive m r then is_transitive m r else false
  | KB4 => if is_symmetric m r then is_transitive m r else false
  | K5 => is_euclidean m r
  | D5 => if is_serial m r then is_euclidean m r else false
  | K45 => if is_transitive m r then is_euclidean m r else false
  | KD45 => if is_serial m r then if is_transitive m r then is_euclidean m r else false else false
  | S5 => if is_reflexive m r then if is_symmetric m r then is_transitive m r else false else false
  end.

Fixpoint for_all {A} (t : A -> bool) (l : list A) : bool :=
  match l with [] => true | x :: l => if t x then for_all t l else false end.

Definition in_frame (S : setting) (m : finite) : bool :=
  if for_all (fun x => in_class m (fst x) (snd x)) (logics S) then
    if for_all (fun x => every (worlds m) (fun w =>
        onward m (fst x) w (sees m (snd x) w))) (included S) then
      for_all (fun x => every (worlds m) (fun w =>
        onward m (fst x) w (fun u => sees m (snd x) u w))) (converse S)
    else false
  else false.

(** ** Truth

    One set of worlds for each node of the formula: a recursion that asks for one
    world at a time costs a power of the number of worlds. *)
Fixpoint collect (ws : list positive) (t : positive -> bool) (s : set) : set :=
  match ws with
  | [] => s
  | w :: ws => collect ws t (if t w then add w s else s)
  end.

Fixpoint truth (m : finite) (f : mform) : set :=
  match f with
  | Atom p => collect (worlds m) (fun w => mem p (get Leaf w (true_at m))) Leaf
  | Bot => Leaf
  | Neg a => let a := truth m a in
      collect (worlds m) (fun w => negb (mem w a)) Leaf
  | Conj a b => let a := truth m a in let b := truth m b in
      collect (worlds m) (fun w => if mem w a then mem w b else false) Leaf
  | Disj a b => let a := truth m a in let b := truth m b in
      collect (worlds m) (fun w => if mem w a then true else mem w b) Leaf
  | Impl a b => let a := truth m a in let b := truth m b in
      collect (worlds m) (fun w => if mem w a then mem w b else true) Leaf
  | Iff a b => let a := truth m a in let b := truth m b in
      collect (worlds m) (fun w => if mem w a then mem w b else negb (mem w b)) Leaf
  | Box r a => let a := truth m a in
      collect (worlds m) (fun w => onward m r w (fun u => mem u a)) Leaf
  | Dia r a => let a := truth m a in
      collect (worlds m) (fun w => negb (onward m r w (fun u => negb (mem u a)))) Leaf
  end.

(** ** The checker *)
Definition is_world (m : finite) (w : positive) : bool := some (worlds m) (Pos.eqb w).

Definition check_countermodel (S : setting) (global local : list mform) (f : mform)
    (m : finite) (w : positive) : bool :=
  if is_world m w then
    if in_frame S m then
      if for_all (fun g => let g := truth m g in every (worlds m) (fun u => mem u g)) global then
        if for_all (fun d => mem w (truth m d)) local then
          negb (mem w (truth m f))
        else false
      else false
    else false
  else false.
