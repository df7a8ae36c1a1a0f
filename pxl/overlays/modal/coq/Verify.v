(** * The whole check, from two texts to a boolean

    As [PXL.Verify] for the kernel: what [make extract] makes a program of, and the
    soundness of the very functions that are extracted. A question's text is its
    setting, a colon, and the goal with its assumptions, for example
<<
Setting [(1, S4); (2, K)] [(2, 1)] []: p2 |= BOX(p1) -> BOX[2](p1)
>>
    in which the setting is written as in the theorem that a session proves. No
    session requires this file. *)

From Coq Require Import List PArith Bool Init.Byte.
From PXL Require Import Text.
From PXL Require Verify Canonical.
From PXLModal Require Import Syntax Semantics Text Transport.
From PXLModal Require Clausal Soundness Countermodel Canonical.
Import ListNotations.
Local Open Scope byte_scope.

(** ** Settings as text *)
Definition put_logic (l : logic) (k : text) : text :=
  match l with
  | K => "K" :: k
  | D => "D" :: k
  | T => "T" :: k
  | B => "B" :: k
  | KB => "K" :: "B" :: k
  | DB => "D" :: "B" :: k
  | K4 => "K" :: "4" :: k
  | D4 => "D" :: "4" :: k
  | S4 => "S" :: "4" :: k
  | KB4 => "K" :: "B" :: "4" :: k
  | K5 => "K" :: "5" :: k
  | D5 => "D" :: "5" :: k
  | K45 => "K" :: "4" :: "5" :: k
  | KD45 => "K" :: "D" :: "4" :: "5" :: k
  | S5 => "S" :: "5" :: k
  end.

Definition put_number (p : positive) (k : text) : text := put_digits (Pos.to_uint p) k.

Section Pairs.
Context {A : Type}.
Variable item : A -> text -> text.

Fixpoint put_pairs (l : list (positive * A)) (k : text) : text :=
  match l with
  | [] => k
  | [(p, a)] => "(" :: put_number p ("," :: " " :: item a (")" :: k))
  | (p, a) :: l =>
      "(" :: put_number p ("," :: " " :: item a (")" :: ";" :: " " :: put_pairs l k))
  end.

Definition put_list (l : list (positive * A)) (k : text) : text :=
  "[" :: put_pairs l ("]" :: k).
End Pairs.

Definition put_setting (S : setting) (k : text) : text :=
  "S" :: "e" :: "t" :: "t" :: "i" :: "n" :: "g" :: " " ::
  put_list put_logic (logics S) (" " :: put_list put_number (included S)
    (" " :: put_list put_number (converse S) k)).

(** ** Reading a setting

    Nothing of this is trusted: [read_problem] prints what it read. Each reader
    returns what it read and the text that follows. *)
Fixpoint read_digits (t : text) (n : N) : N * text :=
  match t with
  | [] => (n, t)
  | b :: t' => match digit b with Some d => read_digits t' (shift n d) | None => (n, t) end
  end.

Definition read_number (t : text) : option (positive * text) :=
  match read_digits t N0 with (Npos p, t) => Some (p, t) | _ => None end.

Fixpoint prefix (s t : text) : option text :=
  match s, t with
  | [], _ => Some t
  | a :: s, b :: t => if same_byte a b then prefix s t else None
  | _, _ => None
  end.

Definition all_logics : list logic :=
  [K; D; T; B; KB; DB; K4; D4; S4; KB4; K5; D5; K45; KD45; S5].

Fixpoint read_logic_of (ls : list logic) (t : text) : option (logic * text) :=
  match ls with
  | [] => None
  | l :: ls =>
      match prefix (put_logic l [")"]) t with
      | Some rest => Some (l, ")" :: rest)
      | None => read_logic_of ls t
      end
  end.

Definition read_logic : text -> option (logic * text) := read_logic_of all_logics.

(** [fuel] is as long as the text. *)
Fixpoint read_pairs {A} (item : text -> option (A * text)) (fuel t : text)
    (done : list (positive * A)) : option (list (positive * A) * text) :=
  match fuel, t with
  | _ :: fuel, "(" :: t =>
      match read_number t with
      | Some (p, "," :: " " :: t) =>
          match item t with
          | Some (a, ")" :: ";" :: " " :: t) => read_pairs item fuel t ((p, a) :: done)
          | Some (a, ")" :: "]" :: t) => Some (rev' ((p, a) :: done), t)
          | _ => None
          end
      | _ => None
      end
  | _, "]" :: t => Some (rev' done, t)
  | _, _ => None
  end.

Definition read_list {A} (item : text -> option (A * text)) (t : text)
  : option (list (positive * A) * text) :=
  match t with "[" :: t => read_pairs item t t [] | _ => None end.

Definition read_setting (t : text) : option (setting * text) :=
  match prefix ["S"; "e"; "t"; "t"; "i"; "n"; "g"; " "] t with
  | Some t =>
      match read_list read_logic t with
      | Some (ls, " " :: t) =>
          match read_list read_number t with
          | Some (is, " " :: t) =>
              match read_list read_number t with
              | Some (cs, t) => Some (Setting ls is cs, t)
              | None => None
              end
          | _ => None
          end
      | _ => None
      end
  | None => None
  end.

(** ** Questions *)
Definition question : Type := PXL.Verify.question mform.

Definition put_problem (S : setting) (q : question) : text :=
  put_setting S (":" :: " " :: PXL.Verify.put_question (put false) q).

Definition read (t : text) : option (setting * question) :=
  match read_setting t with
  | Some (s, rest) =>
      match prefix [":"; " "] rest with
      | Some rest =>
          match PXL.Verify.read_question (put false) parse rest with
          | Some q => if same_text (put_problem s q) t then Some (s, q) else None
          | None => None
          end
      | None => None
      end
  | None => None
  end.

Lemma read_text : forall t s q, read t = Some (s, q) -> put_problem s q = t.
Proof.
  intros t s q; unfold read; destruct (read_setting t) as [ [r rest] | ]; [ | discriminate ].
  destruct (prefix [":"; " "] rest) as [ rest' | ]; [ | discriminate ].
  destruct (PXL.Verify.read_question (put false) parse rest') as [ q' | ]; [ | discriminate ].
  destruct (same_text (put_problem r q') t) eqn:E; [ | discriminate ].
  intros H; injection H as <- <-; exact (PXL.Canonical.same_text_true _ _ E).
Qed.

(** ** The functions that are extracted *)
Definition verify_entailed (t c : text) : bool :=
  match read t with
  | Some (s, PXL.Verify.Question global local f) =>
      match read_proof global local c with
      | Some p => Clausal.check_proof s global local f p
      | None => false
      end
  | None => false
  end.

Definition verify_not_entailed (t c : text) : bool :=
  match read t with
  | Some (s, PXL.Verify.Question global local f) =>
      match read_countermodel s c with
      | Some (m, w) => Countermodel.check_countermodel s global local f m w
      | None => false
      end
  | None => false
  end.

(** ** What they show *)

(** The text reads as this question, and the question prints as the text. *)
Definition asks (t : text) (S : setting) (q : question) : Prop :=
  read t = Some (S, q) /\ put_problem S q = t.

Theorem verify_entailed_sound : forall t c, verify_entailed t c = true ->
  exists S global local f, asks t S (PXL.Verify.Question global local f)
  /\ Entails S global local f.
Proof.
  intros t c; unfold verify_entailed.
  destruct (read t) as [ [s [gs ds f]] | ] eqn:R; [ | discriminate ].
  destruct (read_proof gs ds c) as [ p | ]; [ intros H | discriminate ].
  exists s, gs, ds, f; exact (conj (conj R (read_text _ _ _ R)) (Soundness.check_proof_sound _ _ _ _ _ H)).
Qed.

Theorem verify_not_entailed_sound : forall t c, verify_not_entailed t c = true ->
  exists S global local f, asks t S (PXL.Verify.Question global local f)
  /\ ~ Entails S global local f.
Proof.
  intros t c; unfold verify_not_entailed.
  destruct (read t) as [ [s [gs ds f]] | ] eqn:R; [ | discriminate ].
  destruct (read_countermodel s c) as [ [m w] | ]; [ intros H | discriminate ].
  exists s, gs, ds, f.
  exact (conj (conj R (read_text _ _ _ R)) (Countermodel.check_countermodel_sound _ _ _ _ _ _ H)).
Qed.
