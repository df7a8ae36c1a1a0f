(** * From text to certificates of linear time

    What the server sends is ASCII text: the goal's canonical text and a
    certificate, numbers as in [PXL.Transport]. Here it becomes a formula, a
    clausal proof, a lasso or a trace, and [valid], [not_valid] and the others turn
    an accepted one into a theorem. For example,
<<
Definition goal : tform := Globally (Impl (Atom 1) (Eventually (Atom 2))).
Theorem answer : ~ Valid goal.
Proof.
exact (not_valid "G(p1 -> F(p2))" goal "1100" ltac:(vm_cast_no_check (@eq_refl bool true))).
Qed.
>> *)

From Coq Require Import List PArith Bool Init.Byte.
From PXL Require Import Form Trie Text Transport.
From PXLChrono Require Import Syntax Semantics Clausal Countermodel Trace Text.
Import ListNotations.

(** ** Proofs

    Nothing below is trusted: the checkers judge what comes out. *)
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
  | 8 => Some (Unary ENext)
  | 9 => Some (Binary EUntil)
  | 10 => Some (Unary EPrev)
  | 11 => Some (Binary ESince)
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
| Hints (c : clause) (h : list positive)
| Shifted (premise : positive) (c : list positive).

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
              | Npos premise :: t => read_steps t (Shifted premise []) done
              | _ => None
              end
          | Npos 3 =>
              match t with
              | Npos i :: Npos v :: Npos x :: Npos stop :: Npos go :: t =>
                  read_steps t Start (Induct i v x stop go :: done)
              | _ => None
              end
          | _ => None
          end
      | Literals c =>
          match n with
          | Npos l => read_steps t (Literals (l :: c)) done
          | N0 => read_steps t (Hints (rev' c) []) done
          end
      | Hints c h =>
          match n with
          | Npos i => read_steps t (Hints c (i :: h)) done
          | N0 => read_steps t Start (Rup c (rev' h) :: done)
          end
      | Shifted premise c =>
          match n with
          | Npos l => read_steps t (Shifted premise (l :: c)) done
          | N0 => read_steps t Start (Succ premise (rev' c) :: done)
          end
      end
  end.

Definition read_proof (t : list byte) : option proof :=
  match read_entries (read_numbers t) [] with
  | Some (table, Npos root :: t) =>
      match read_steps t Start [] with
      | Some steps => Some {| table := table; root := root; steps := steps |}
      | None => None
      end
  | _ => None
  end.

(** ** Lassos and traces *)
Fixpoint read_positions (t : list N) (p : list positive) (done : list (list positive))
  : list (list positive) :=
  match t with
  | [] => rev' done
  | N0 :: t => read_positions t [] (p :: done)
  | Npos a :: t => read_positions t (a :: p) done
  end.

(** The positions of a text: for each its atoms and 0. *)
Definition trace (t : list byte) : list (list positive) := read_positions (read_numbers t) [] [].

(** First the number, from 1, of the position where the loop begins; 0 for none. *)
Definition read_run (t : list byte) : option (N * list (list positive)) :=
  match read_numbers t with
  | [] => None
  | n :: t => Some (n, read_positions t [] [])
  end.

(** ** What an answer is checked by

    [t] must be the canonical text of [f], so that the reader of the text and the
    theorem speak of the same formula. *)
Definition check_valid (finite : bool) (t : list byte) (f : tform) (c : list byte) : bool :=
  if same_text (print f) t then
    match read_proof c with Some p => check_proof finite f p | None => false end
  else false.

Definition check_not_valid (t : list byte) (f : tform) (c : list byte) : bool :=
  if same_text (print f) t then
    match read_run c with
    | Some (Npos n, w) => let (u, v) := split (pred (Pos.to_nat n)) w in check_lasso f u v
    | _ => false
    end
  else false.

Definition check_not_valid_finite (t : list byte) (f : tform) (c : list byte) : bool :=
  if same_text (print f) t then
    match read_run c with Some (N0, w) => check_finite f w | _ => false end
  else false.

Definition check_holds (t : list byte) (f : tform) (w : list (list positive)) : bool :=
  if same_text (print f) t then check_trace w f else false.

Definition check_not_holds (t : list byte) (f : tform) (w : list (list positive)) : bool :=
  if same_text (print f) t then check_not_trace w f else false.

(** ** Long goals

    A long goal is written as a table of numbers, its subformulas before it. What
    cannot be read becomes [Bot]; the canonical text says what it became. *)
Definition unary_operator (k : positive) : option (tform -> tform) :=
  match k with
  | 3 => Some Neg | 8 => Some Next | 10 => Some Prev
  | 12 => Some Eventually | 13 => Some Globally
  | 17 => Some WeakPrev | 18 => Some Once | 19 => Some Historically
  | 21 => Some Always | 22 => Some Sometime
  | _ => None
  end%positive.

Definition binary_operator (k : positive) : option (tform -> tform -> tform) :=
  match k with
  | 4 => Some Conj | 5 => Some Disj | 6 => Some Impl | 7 => Some Iff
  | 9 => Some Until | 11 => Some Since
  | 14 => Some WeakUntil | 15 => Some Release | 16 => Some StrongRelease
  | 20 => Some Triggered
  | _ => None
  end%positive.

Fixpoint read_formula (t : list N) (i : positive) (nodes : trie tform) (f : tform) : tform :=
  match t with
  | [] => f
  | N0 :: _ => Bot
  | Npos k :: t =>
      let next t g := read_formula t (Pos.succ i) (Trie.put Bot i g nodes) g in
      match k, t with
      | 1%positive, Npos p :: t => next t (Atom p)
      | 2%positive, t => next t Bot
      | 23%positive, n :: Npos a :: t =>
          next t (At match n with N0 => 0 | Npos p => Pos.to_nat p end (get Bot a nodes))
      | k, Npos a :: t =>
          match unary_operator k with
          | Some op => next t (op (get Bot a nodes))
          | None =>
              match binary_operator k, t with
              | Some op, Npos b :: t => next t (op (get Bot a nodes) (get Bot b nodes))
              | _, _ => Bot
              end
          end
      | _, _ => Bot
      end
  end.

Definition formula (t : list byte) : tform := read_formula (read_numbers t) 1 Leaf Bot.

(** ** The theorems that an answer is made of *)
Lemma check_valid_when : forall finite t f c, when (check_valid finite t f c)
  (forall r, fits finite r -> decided r -> sat r 0 f).
Proof.
  intros finite t f c; unfold check_valid.
  destruct (same_text (print f) t); [ | exact I ].
  destruct (read_proof c) as [ p | ]; [ exact (check_proof_when finite f p) | exact I ].
Qed.

Lemma not_valid_when : forall t f c, when (check_not_valid t f c) (~ Valid f).
Proof.
  intros t f c; unfold check_not_valid.
  destruct (same_text (print f) t); [ | exact I ].
  destruct (read_run c) as [ [ [ | n ] w ] | ]; try exact I.
  destruct (split (pred (Pos.to_nat n)) w) as [ u v ]; exact (check_lasso_when f u v).
Qed.

Lemma not_valid_finite_when : forall t f c,
  when (check_not_valid_finite t f c) (~ ValidFinite f).
Proof.
  intros t f c; unfold check_not_valid_finite.
  destruct (same_text (print f) t); [ | exact I ].
  destruct (read_run c) as [ [ [ | n ] w ] | ]; try exact I.
  exact (check_finite_when f w).
Qed.

Lemma holds_when : forall t f w, when (check_holds t f w) (Holds w f).
Proof.
  intros t f w; unfold check_holds.
  destruct (same_text (print f) t); [ exact (check_trace_when w f) | exact I ].
Qed.

Lemma not_holds_when : forall t f w, when (check_not_holds t f w) (~ Holds w f).
Proof.
  intros t f w; unfold check_not_holds.
  destruct (same_text (print f) t); [ exact (check_not_trace_when w f) | exact I ].
Qed.

Theorem valid : forall t f c, check_valid false t f c = true -> Valid f.
Proof. intros t f c E r; exact (when_true _ _ (check_valid_when false t f c) E r). Qed.

Theorem valid_finite : forall t f c, check_valid true t f c = true -> ValidFinite f.
Proof.
  intros t f c E r n L.
  exact (when_true _ _ (check_valid_when true t f c) E r (ex_intro _ n L)).
Qed.

Theorem not_valid : forall t f c, check_not_valid t f c = true -> ~ Valid f.
Proof. intros t f c; exact (when_true _ _ (not_valid_when t f c)). Qed.

Theorem not_valid_finite : forall t f c,
  check_not_valid_finite t f c = true -> ~ ValidFinite f.
Proof. intros t f c; exact (when_true _ _ (not_valid_finite_when t f c)). Qed.

Theorem holds : forall t f w, check_holds t f w = true -> Holds w f.
Proof. intros t f w; exact (when_true _ _ (holds_when t f w)). Qed.

Theorem not_holds : forall t f w, check_not_holds t f w = true -> ~ Holds w f.
Proof. intros t f w; exact (when_true _ _ (not_holds_when t f w)). Qed.

Arguments check_valid finite t%text f c%text.
Arguments check_not_valid t%text f c%text.
Arguments check_not_valid_finite t%text f c%text.
Arguments check_holds t%text f w.
Arguments check_not_holds t%text f w.
Arguments valid t%text f c%text.
Arguments valid_finite t%text f c%text.
Arguments not_valid t%text f c%text.
Arguments not_valid_finite t%text f c%text.
Arguments holds t%text f w.
Arguments not_holds t%text f w.
Arguments trace t%text.
Arguments formula t%text.
