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

(** [32 * n] and the digit of character [c]. Subtracting 48 leaves the low four
    bits as they are and turns bits 4 and 5 round as below. *)
Definition shift (c : byte) (n : N) : N :=
  let '(b0, (b1, (b2, (b3, (b4, _))))) := to_bits c in
  double b0 (double b1 (double b2 (double b3 (double (negb b4) n)))).

Definition more (c : byte) : bool :=
  let '(_, (_, (_, (_, (b4, (b5, (b6, _))))))) := to_bits c in
  if b6 then if b5 then true else b4 else false.

(** [cs]: the characters of the number that has begun, last first. *)
Fixpoint shift_all (cs : list byte) (n : N) : N :=
  match cs with [] => n | c :: cs => shift_all cs (shift c n) end.

(** Tail recursive, since there can be a million numbers; last first. *)
Fixpoint numbers (t : list byte) (cs : list byte) (done : list N) : list N :=
  match t with
  | [] => done
  | c :: t =>
      if more c then numbers t (c :: cs) done
      else numbers t [] (shift_all cs (shift c N0) :: done)
  end.

Definition read_numbers (t : list byte) : list N := rev' (numbers t [] []).

(** ** Proofs *)
Fixpoint read_entries (t : list N) (done : list entry) : option (list entry * list N) :=
  match t with
  | N0 :: t => Some (rev' done, t)
  | Npos 2 :: t => read_entries t (EBot :: done)
  | Npos k :: Npos a :: t =>
      match k with
      | 1 => read_entries t (EAtom a :: done)
      | 3 => read_entries t (ENeg a :: done)
      | 8 => read_entries t (EBox a :: done)
      | 9 => read_entries t (EDia a :: done)
      | _ =>
          match t with
          | Npos b :: t =>
              match k with
              | 4 => read_entries t (EConj a b :: done)
              | 5 => read_entries t (EDisj a b :: done)
              | 6 => read_entries t (EImpl a b :: done)
              | 7 => read_entries t (EIff a b :: done)
              | _ => None
              end
          | _ => None
          end
      end%positive
  | _ => None
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

Theorem proved : forall t f c, check_proved t f c = true -> Prov f.
Proof.
  intros t f c; unfold check_proved.
  destruct (same_text (print f) t); [ | discriminate ].
  destruct (read_proof c) as [ p | ]; [ apply check_proof_sound | discriminate ].
Qed.

Theorem refuted : forall t f c, check_refuted t f c = true -> ~ Prov f.
Proof.
  intros t f c; unfold check_refuted.
  destruct (same_text (print f) t); [ | discriminate ].
  destruct (read_countermodel c) as [ [m w] | ]; [ apply check_countermodel_sound | discriminate ].
Qed.

Theorem proved_text : forall t f c, check_proved t f c = true -> print f = t.
Proof.
  intros t f c; unfold check_proved.
  destruct (same_text (print f) t) eqn:E; [ intros _; exact (same_text_true _ _ E) | discriminate ].
Qed.

Theorem refuted_text : forall t f c, check_refuted t f c = true -> print f = t.
Proof.
  intros t f c; unfold check_refuted.
  destruct (same_text (print f) t) eqn:E; [ intros _; exact (same_text_true _ _ E) | discriminate ].
Qed.

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
