(** * From text to certificates

    What the server sends is ASCII text: the goal's canonical text and a
    certificate. Here it becomes a formula, a clausal proof or a countermodel,
    and [proved] and [refuted] turn an accepted one into a theorem.

    A session reads, once:
<<
From Coq Require Import BinPosDef.
From PXL Require Import Form Prov Transport Words.
Open Scope text_scope.
>>
    and then, for example,
<<
Definition goal : form := Impl (Atom 1) (Box (Atom 1)).
Theorem answer : ~ Prov goal.
Proof.
exact (refuted "p1 -> BOX(p1)" goal "0100" ltac:(vm_cast_no_check (@eq_refl bool true))).
Qed.
>> *)

From Coq Require Import List PArith Bool Init.Byte.
From PXL Require Import Trie Countermodel Clausal Text Form Prov.
Import ListNotations.
Local Open Scope byte_scope.

(** ** Numbers

    A certificate is a sequence of natural numbers in base 32, least significant
    digit first, one character for each digit: [48 + digit], and 32 more when
    another digit follows. Nothing below is trusted: the checkers judge what
    comes out. *)
Definition double (b : bool) (n : N) : N :=
  match n with
  | N0 => if b then Npos 1 else N0
  | Npos p => Npos (if b then xI p else xO p)
  end.

(** The low [k] bits of [p] in front of [n]. *)
Fixpoint low (k : nat) (p : positive) (n : N) : N :=
  match k, p with
  | S k, xO p => double false (low k p n)
  | S k, xI p => double true (low k p n)
  | _, _ => n
  end.

(** Bit [k] of [p]. *)
Fixpoint bit (k : nat) (p : positive) : bool :=
  match p with
  | xH => false
  | xO p => match k with O => false | S k => bit k p end
  | xI p => match k with O => true | S k => bit k p end
  end.

(** [cs]: the codes of the number that has begun, last first. *)
Fixpoint digits (cs : list positive) (n : N) : N :=
  match cs with [] => n | c :: cs => digits cs (low 5 c n) end.

(** Tail recursive, since there can be a million numbers; last first. *)
Fixpoint numbers (t : list byte) (cs : list positive) (done : list N) : list N :=
  match t with
  | [] => done
  | b :: t =>
      let c := code b in
      if bit 5 c then numbers t (c :: cs) done
      else numbers t [] (digits cs (low 5 c N0) :: done)
  end.

Definition read_numbers (t : list byte) : list N := rev' (numbers t [] []).

(** ** Proofs *)
Inductive operator : Type :=
| Nullary (e : entry)
| Unary (e : positive -> entry)
| Binary (e : positive -> positive -> entry).

Definition read_operator (k : positive) : option operator :=
  match k with
  | 1 => Some (Unary EAtom)
  | 2 => Some (Nullary EBot)
  | 3 => Some (Unary ENeg)
  | 4 => Some (Binary EConj)
  | 5 => Some (Binary EDisj)
  | 6 => Some (Binary EImpl)
  | 7 => Some (Binary EIff)
  | 8 => Some (Unary EBox)
  | 9 => Some (Unary EDia)
  | _ => None
  end%positive.

Fixpoint read_entries (t : list N) (done : list entry) : option (list entry * list N) :=
  match t with
  | [] => None
  | N0 :: t => Some (rev' done, t)
  | Npos k :: t =>
      match read_operator k with
      | Some (Nullary e) => read_entries t (e :: done)
      | Some (Unary e) =>
          match t with
          | Npos a :: t => read_entries t (e a :: done)
          | _ => None
          end
      | Some (Binary e) =>
          match t with
          | Npos a :: Npos b :: t => read_entries t (e a b :: done)
          | _ => None
          end
      | None => None
      end
  end.

(** Where in a step the next number stands; lists are kept last first. *)
Inductive place : Type :=
| Start
| Literals (c : list positive)
| Hints (c : clause) (h : list positive).

Fixpoint read_steps (t : list N) (at_ : place) (done : list step) : option (list step) :=
  match t with
  | [] => match at_ with Start => Some (rev' done) | _ => None end
  | n :: t =>
      match at_ with
      | Start =>
          match n with
          | Npos 1 => read_steps t (Literals []) done
          | Npos 2 =>
              match t with
              | Npos premise :: Npos v :: t => read_steps t Start (Nec premise v :: done)
              | _ => None
              end
          | _ => None
          end
      | Literals c =>
          match n with
          | Npos l => read_steps t (Literals (l :: c)) done
          | N0 => read_steps t (Hints c []) done
          end
      | Hints c h =>
          match n with
          | Npos i => read_steps t (Hints c (i :: h)) done
          | N0 => read_steps t Start (Rup c (rev' h) :: done)
          end
      end
  end.

Definition read_proof (t : list byte) : option proof :=
  match read_entries (read_numbers t) [] with
  | Some (table, t) =>
      match read_steps t Start [] with
      | Some steps => Some {| table := table; steps := steps |}
      | None => None
      end
  | None => None
  end.

(** ** Countermodels *)
Fixpoint read_worlds (t : list N) (world : list positive) (done : list (list positive))
  : list (list positive) :=
  match t with
  | [] => rev' done
  | N0 :: t => read_worlds t [] (world :: done)
  | Npos p :: t => read_worlds t (p :: world) done
  end.

Definition read_countermodel (t : list byte) : option (list (list positive) * nat) :=
  match read_numbers t with
  | [] => None
  | w :: t =>
      Some (read_worlds t [] [], match w with N0 => 0 | Npos p => Pos.to_nat p end)
  end.

(** ** The theorems that an answer is made of

    [t] must be the canonical text of [f], so that the reader of the text and the
    kernel speak of the same formula. *)
Definition check_proved (t : list byte) (f : form) (c : list byte) : bool :=
  if same_text (print f) t then
    match read_proof c with Some p => check_proof f p | None => false end
  else false.

Definition check_refuted (t : list byte) (f : form) (c : list byte) : bool :=
  if same_text (print f) t then
    match read_countermodel c with
    | Some (m, w) => check_countermodel f m w
    | None => false
    end
  else false.

Lemma proved_when : forall t f c, when (check_proved t f c) (Prov f).
Proof.
  intros t f c; unfold check_proved.
  destruct (same_text (print f) t); [ | exact I ].
  destruct (read_proof c) as [ p | ]; [ exact (check_proof_when f p) | exact I ].
Qed.

Lemma refuted_when : forall t f c, when (check_refuted t f c) (~ Prov f).
Proof.
  intros t f c; unfold check_refuted.
  destruct (same_text (print f) t); [ | exact I ].
  destruct (read_countermodel c) as [ [m w] | ]; [ exact (check_countermodel_when f m w) | exact I ].
Qed.

Theorem proved : forall t f c, check_proved t f c = true -> Prov f.
Proof. intros t f c; exact (when_true _ _ (proved_when t f c)). Qed.

Theorem refuted : forall t f c, check_refuted t f c = true -> ~ Prov f.
Proof. intros t f c; exact (when_true _ _ (refuted_when t f c)). Qed.

(** A long goal is written as its text. What does not parse becomes [Bot], whose
    text is another one. *)
Definition formula (t : list byte) : form :=
  match parse t with Some f => f | None => Bot end.

(** ** Small texts: string literals *)
Record bytes : Type := Bytes { unwrap : list byte }.
Coercion unwrap : bytes >-> list.
Definition some_bytes (b : bytes) : option (list byte) := Some (unwrap b).
Declare Scope text_scope.
Delimit Scope text_scope with text.
String Notation bytes Bytes some_bytes : text_scope.
Arguments proved t%text f c%text.
Arguments refuted t%text f c%text.
