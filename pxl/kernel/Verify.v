(** * The whole check, from two texts to a boolean

    [verify_proved] and [verify_refuted] read a question's text and a certificate's,
    and say whether the one settles the other. They are what [make extract] makes a
    program of, and their soundness is proved here of the very functions that are
    extracted. A text is read inside Coq and printed again, so that what was asked
    is what is proved. No session requires this file. *)

From Coq Require Import List PArith Bool Init.Byte.
From PXL Require Import Form Text Transport.
From PXL Require Import Prov Semantics Soundness Completeness Consequence.
From PXL Require Clausal Countermodel Canonical.
Import ListNotations.
Local Open Scope byte_scope.

(** ** Questions: a goal with assumptions

    A question is its goal, with [… |- ] in front for each local assumption and,
    before these, [… |= ] for each global one. Libraries have questions of their own
    formulas, so this is for any type with a printer and a parser. *)
Fixpoint pieces (t piece : text) (done : list (byte * text)) : list (byte * text) * text :=
  match t with
  | [] => (rev' done, rev' piece)
  | b :: t =>
      match b, t with
      | " ", "|" :: sign :: " " :: t => pieces t [] ((sign, rev' piece) :: done)
      | _, _ => pieces t (b :: piece) done
      end
  end.

Section Questions.
Context {F : Type}.
Variable put : F -> text -> text.
Variable parse : text -> option F.

Record question : Type := Question { global : list F; local : list F; goal : F }.

Fixpoint put_assumed (sign : byte) (fs : list F) (k : text) : text :=
  match fs with
  | [] => k
  | f :: fs => put f (" " :: "|" :: sign :: " " :: put_assumed sign fs k)
  end.

Definition put_question (q : question) : text :=
  put_assumed "=" (global q) (put_assumed "-" (local q) (put (goal q) [])).

Fixpoint read_assumed (ps : list (byte * text)) (f : F) : option question :=
  match ps with
  | [] => Some (Question [] [] f)
  | (sign, t) :: ps =>
      match parse t, read_assumed ps f with
      | Some g, Some q =>
          match sign with
          | "=" => Some (Question (g :: global q) (local q) (goal q))
          | "-" => Some (Question (global q) (g :: local q) (goal q))
          | _ => None
          end
      | _, _ => None
      end
  end.

(** Nothing of this is trusted: [read_question] prints what it read. *)
Definition guess_question (t : text) : option question :=
  match parse t with
  | Some f => Some (Question [] [] f)
  | None =>
      let (ps, last) := pieces t [] [] in
      match parse last with Some f => read_assumed ps f | None => None end
  end.

Definition read_question (t : text) : option question :=
  match guess_question t with
  | Some q => if same_text (put_question q) t then Some q else None
  | None => None
  end.

Lemma read_question_text : forall t q, read_question t = Some q -> put_question q = t.
Proof.
  intros t q; unfold read_question; destruct (guess_question t) as [ r | ]; [ | discriminate ].
  destruct (same_text (put_question r) t) eqn:E; [ | discriminate ].
  intros H; injection H as <-; exact (Canonical.same_text_true _ _ E).
Qed.

(** A goal by itself is read as itself. *)
Lemma read_goal : forall f q, parse (put f []) = Some f ->
  read_question (put f []) = Some q -> q = Question [] [] f.
Proof.
  intros f q P; unfold read_question, guess_question; rewrite P.
  destruct (same_text (put_question (Question [] [] f)) (put f [])); [ | discriminate ].
  intros H; injection H as <-; reflexivity.
Qed.
End Questions.
Arguments question F : clear implicits.
Arguments Question {F} global local goal.
Arguments global {F}.
Arguments local {F}.
Arguments goal {F}.

(** ** The functions that are extracted *)
Definition read : text -> option (question form) := read_question (put false) parse.

(** The one formula that is checked: assumptions are premises of it. *)
Definition whole (q : question form) : form :=
  under (map Box (global q)) (under (local q) (goal q)).

Definition verify_proved (t c : text) : bool :=
  match read t with
  | Some q => match read_proof c with Some p => Clausal.check_proof (whole q) p | None => false end
  | None => false
  end.

Definition verify_refuted (t c : text) : bool :=
  match read t with
  | Some q =>
      match read_countermodel c with
      | Some (m, w) => Countermodel.check_countermodel (whole q) m w
      | None => false
      end
  | None => false
  end.

(** ** What they show *)
Definition consequence (q : question form) : Prop :=
  forall M, equivalence M -> decided M ->
  (forall g, In g (global q) -> forall w, sat M w g) ->
  forall w, (forall d, In d (local q) -> sat M w d) -> sat M w (goal q).

Theorem premises : forall q, Prov (whole q) <-> consequence q.
Proof.
  intros [ gs ds f ]; unfold whole, consequence; cbn [global local goal]; split.
  - intros P M E D G w; apply (sat_under M w ds f).
    refine (proj1 (sat_under M w _ _) (soundness _ P M E D w) _).
    intros b J; apply in_map_iff in J; destruct J as (g & <- & J).
    intros u _; exact (G g J u).
  - intros C; apply completeness, valid_universal; intros m w.
    apply sat_under; intros B; apply sat_under.
    apply (C (universal m) (universal_equivalence m) (universal_decided m)).
    intros g J u; exact (B (Box g) (in_map Box gs g J) u I).
Qed.

(** [q] is the question that the text reads as, and prints as the text. *)
Definition asks (t : text) (q : question form) : Prop :=
  read t = Some q /\ put_question (put false) q = t.

Theorem verify_proved_sound : forall t c, verify_proved t c = true ->
  exists q, asks t q /\ Prov (whole q) /\ consequence q.
Proof.
  intros t c; unfold verify_proved; destruct (read t) as [ q | ] eqn:R; [ | discriminate ].
  destruct (read_proof c) as [ p | ]; [ | discriminate ].
  intros H; exists q; assert (P := Clausal.check_proof_sound _ _ H).
  exact (conj (conj R (read_question_text _ _ _ _ R)) (conj P (proj1 (premises q) P))).
Qed.

Theorem verify_refuted_sound : forall t c, verify_refuted t c = true ->
  exists q, asks t q /\ ~ Prov (whole q) /\ ~ consequence q.
Proof.
  intros t c; unfold verify_refuted; destruct (read t) as [ q | ] eqn:R; [ | discriminate ].
  destruct (read_countermodel c) as [ [m w] | ]; [ | discriminate ].
  intros H; exists q; assert (N := Countermodel.check_countermodel_sound _ _ _ H).
  refine (conj (conj R (read_question_text _ _ _ _ R)) (conj N _)).
  exact (fun C => N (proj2 (premises q) C)).
Qed.

(** Without assumptions, the text is the formula's. *)
Theorem verify_proved_goal : forall f c, verify_proved (print f) c = true -> Prov f.
Proof.
  intros f c H; destruct (verify_proved_sound _ _ H) as (q & (R & _) & P & _).
  rewrite (read_goal _ _ f q (Canonical.parse_print f) R) in P; exact P.
Qed.

Theorem verify_refuted_goal : forall f c, verify_refuted (print f) c = true -> ~ Prov f.
Proof.
  intros f c H; destruct (verify_refuted_sound _ _ H) as (q & (R & _) & N & _).
  rewrite (read_goal _ _ f q (Canonical.parse_print f) R) in N; exact N.
Qed.
