(** * The whole check, from two texts to a boolean

    As [PXL.Verify] for the kernel: what [make extract] makes a program of, and the
    soundness of the very functions that are extracted. A question's text says of
    which runs the goal is asked, then the goal with its assumptions, for example
<<
infinite: p2 |= G(p1 -> F(p2))
finite: F(p1)
trace 1200: p1 U p2
>>
    A trace is written as the certificates are: the atoms of each position, and 0.
    No session requires this file. *)

From Coq Require Import List PArith Bool Init.Byte.
From PXL Require Import Text.
From PXL Require Verify Canonical.
From PXLChrono Require Import Syntax Semantics Trace Text Transport.
From PXLChrono Require Clausal Countermodel Parsing.
Import ListNotations.
Local Open Scope byte_scope.

(** ** Questions *)
Inductive span : Type :=
| Infinite
| Finite
| Log (positions : text).

Definition question : Type := PXL.Verify.question tform.

Definition put_span (s : span) (k : text) : text :=
  match s with
  | Infinite => "i" :: "n" :: "f" :: "i" :: "n" :: "i" :: "t" :: "e" :: ":" :: " " :: k
  | Finite => "f" :: "i" :: "n" :: "i" :: "t" :: "e" :: ":" :: " " :: k
  | Log w => "t" :: "r" :: "a" :: "c" :: "e" :: " " :: rev_append (rev' w) (":" :: " " :: k)
  end.

Definition put_problem (s : span) (q : question) : text :=
  put_span s (PXL.Verify.put_question (put false) q).

(** What stands before the first colon with a blank behind it, and what after. *)
Fixpoint cut (t head : text) : option (text * text) :=
  match t with
  | [] => None
  | b :: t =>
      match b, t with
      | ":", " " :: t => Some (rev' head, t)
      | _, _ => cut t (b :: head)
      end
  end.

(** Nothing of this is trusted: [read] prints what it read. *)
Definition guess_span (head : text) : option span :=
  match head with
  | "i" :: _ => Some Infinite
  | "f" :: _ => Some Finite
  | "t" :: "r" :: "a" :: "c" :: "e" :: " " :: w => Some (Log w)
  | _ => None
  end.

Definition read (t : text) : option (span * question) :=
  match cut t [] with
  | Some (head, rest) =>
      match guess_span head, PXL.Verify.read_question (put false) Parsing.parse rest with
      | Some s, Some q => if same_text (put_problem s q) t then Some (s, q) else None
      | _, _ => None
      end
  | None => None
  end.

Lemma read_text : forall t s q, read t = Some (s, q) -> put_problem s q = t.
Proof.
  intros t s q; unfold read; destruct (cut t []) as [ [head rest] | ]; [ | discriminate ].
  destruct (guess_span head) as [ s' | ]; [ | discriminate ].
  destruct (PXL.Verify.read_question (put false) Parsing.parse rest) as [ q' | ]; [ | discriminate ].
  destruct (same_text (put_problem s' q') t) eqn:E; [ | discriminate ].
  intros H; injection H as <- <-; exact (PXL.Canonical.same_text_true _ _ E).
Qed.

(** ** The functions that are extracted *)
Definition under (gs : list tform) (f : tform) : tform := fold_right Impl f gs.

(** The one formula that is checked: assumptions are premises of it. *)
Definition whole (q : question) : tform :=
  under (map Always (PXL.Verify.global q)) (under (PXL.Verify.local q) (PXL.Verify.goal q)).

(** A trace is evaluated, and its certificate is [0]. *)
Definition is_zero (c : text) : bool := same_text c ["0"].

Definition verify_holds (t c : text) : bool :=
  match read t with
  | Some (Log w, q) => if is_zero c then check_trace (trace w) (whole q) else false
  | Some (s, q) =>
      match read_proof c with
      | Some p =>
          Clausal.check_proof (match s with Finite => true | _ => false end) (whole q) p
      | None => false
      end
  | None => false
  end.

Definition verify_fails (t c : text) : bool :=
  match read t with
  | Some (Log w, q) => if is_zero c then check_not_trace (trace w) (whole q) else false
  | Some (Infinite, q) =>
      match read_run c with
      | Some (Npos n, w) =>
          let (u, v) := Countermodel.split (pred (Pos.to_nat n)) w in
          Countermodel.check_lasso (whole q) u v
      | _ => false
      end
  | Some (Finite, q) =>
      match read_run c with
      | Some (N0, w) => Countermodel.check_finite (whole q) w
      | _ => false
      end
  | None => false
  end.

(** ** What they show *)
Definition spans (s : span) (r : run) : Prop :=
  match s with
  | Infinite => last r = None /\ decided r
  | Finite => (exists n, last r = Some n) /\ decided r
  | Log w => r = trace_run (trace w)
  end.

(** At the first position of each run where the global assumptions are true at
    every position and the local ones at the first, the goal is true. *)
Definition consequence (s : span) (q : question) : Prop := forall r, spans s r ->
  (forall g, In g (PXL.Verify.global q) -> forall i, inside r i -> sat r i g) ->
  (forall d, In d (PXL.Verify.local q) -> sat r 0 d) -> sat r 0 (PXL.Verify.goal q).

(** The text reads as this question, and the question prints as the text. *)
Definition asks (t : text) (s : span) (q : question) : Prop :=
  read t = Some (s, q) /\ put_problem s q = t.

Lemma sat_under : forall r i gs f,
  sat r i (under gs f) <-> ((forall g, In g gs -> sat r i g) -> sat r i f).
Proof.
  intros r i gs f; induction gs as [ | g gs IH ]; simpl.
  - split; [ intros S _; exact S | intros H; apply H; intros g [] ].
  - rewrite IH; split.
    + intros H G; apply H; [ exact (G g (or_introl eq_refl)) | ].
      intros h J; exact (G h (or_intror J)).
    + intros H S G; apply H; intros h [ <- | J ]; [ exact S | exact (G h J) ].
Qed.

Theorem premises : forall s q,
  (forall r, spans s r -> sat r 0 (whole q)) <-> consequence s q.
Proof.
  intros s [ gs ds f ]; unfold whole, consequence;
    cbn [PXL.Verify.global PXL.Verify.local PXL.Verify.goal]; split.
  - intros H r R G; apply (sat_under r 0 ds f), (proj1 (sat_under r 0 _ _) (H r R)).
    intros b J; apply in_map_iff in J; destruct J as (g & <- & J); exact (G g J).
  - intros C r R; apply sat_under; intros B; apply sat_under.
    exact (C r R (fun g J => B (Always g) (in_map Always gs g J))).
Qed.

Theorem verify_holds_sound : forall t c, verify_holds t c = true ->
  exists s q, asks t s q /\ consequence s q.
Proof.
  intros t c; unfold verify_holds; destruct (read t) as [ [s q] | ] eqn:R; [ | discriminate ].
  intros H; exists s, q; refine (conj (conj R (read_text _ _ _ R)) (proj1 (premises s q) _)).
  intros r; destruct s as [ | | w ]; cbn [spans].
  - destruct (read_proof c) as [ p | ]; [ | discriminate H ].
    intros [ E D ]; exact (Clausal.check_proof_sound _ _ H r E D).
  - destruct (read_proof c) as [ p | ]; [ | discriminate H ].
    intros [ [ n E ] D ]; exact (Clausal.check_proof_finite_sound _ _ H r n E D).
  - destruct (is_zero c); [ | discriminate H ].
    intros ->; exact (holds_trace _ _ H).
Qed.

Theorem verify_fails_sound : forall t c, verify_fails t c = true ->
  exists s q, asks t s q /\ ~ consequence s q.
Proof.
  intros t c; unfold verify_fails; destruct (read t) as [ [s q] | ] eqn:R; [ | discriminate ].
  intros H; exists s, q; refine (conj (conj R (read_text _ _ _ R)) _).
  intros C; assert (V := proj2 (premises s q) C); clear C.
  destruct s as [ | | w ]; cbn [spans] in V.
  - destruct (read_run c) as [ [ [ | n ] w ] | ]; try discriminate H.
    destruct (Countermodel.split (pred (Pos.to_nat n)) w) as [ u v ].
    exact (Countermodel.check_lasso_sound _ _ _ H (fun r E D => V r (conj E D))).
  - destruct (read_run c) as [ [ [ | n ] w ] | ]; try discriminate H.
    exact (Countermodel.check_finite_sound _ _ H
      (fun r n E D => V r (conj (ex_intro _ n E) D))).
  - destruct (is_zero c); [ | discriminate H ].
    exact (not_holds_trace _ _ H (V _ eq_refl)).
Qed.
