(** * From text to certificates

    What the server sends is ASCII text: the question's canonical text and a
    certificate. Here the certificate becomes a clausal proof or a finite model,
    and [entailed] and [not_entailed] turn an accepted one into the theorem.

    A certificate is a sequence of numbers, written as in the kernel's [Transport].
    That of a proof is
<<
    1 p | 2 | 3 i | 4 i j | 5 i j | 6 i j | 7 i j | 8 r i | 9 r i
        the nodes: atom p, bottom, negation, conjunction, disjunction,
        implication, equivalence, box of relation r, diamond; then 0
    the nodes of the goal, of each global and of each local assumption
    1 literal ... 0 hint ... 0
        a step of unit propagation
    2 r premise literal ... 0
        a step of the successor rule: what each literal of the premise becomes
>>
    and that of a refutation is
<<
    the designated world, from 0; the number of worlds
    the atoms of each world, and 0
    for each relation in the order of [logics], for each world:
        its successors, from 1, and 0
>>
    The literal of node [v] is [2v], and [2v + 1] is its negation. *)

From Coq Require Import List PArith Bool Init.Byte.
From PXL Require Import Form Trie Text Transport.
From PXLModal Require Import Syntax Semantics Clausal Soundness Countermodel Text.
Import ListNotations.

(** ** Proofs

    As in the kernel's [Transport]; nothing of the reading is trusted. *)
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
  | 8 => Some (Binary EBox)
  | 9 => Some (Binary EDia)
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

(** As many nodes as there are formulas in [fs], put in front of [done]. *)
Fixpoint read_roots (fs : list mform) (t : list N) (done : list positive)
  : option (list positive * list N) :=
  match fs with
  | [] => Some (done, t)
  | _ :: fs =>
      match t with
      | Npos i :: t => read_roots fs t (i :: done)
      | _ => None
      end
  end.

(** Where in a step the next number stands; lists are kept last first. *)
Inductive place : Type :=
| Start
| Literals (c : clause)
| Hints (c : clause) (h : list positive)
| Conclusion (r premise : positive) (c : clause).

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
              | Npos r :: Npos premise :: t => read_steps t (Conclusion r premise []) done
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
          | N0 => read_steps t Start (Rup (rev' c) (rev' h) :: done)
          end
      | Conclusion r premise c =>
          match n with
          | Npos l => read_steps t (Conclusion r premise (l :: c)) done
          | N0 => read_steps t Start (Succ r premise (rev' c) :: done)
          end
      end
  end.

Definition read_proof (global local : list mform) (t : list byte) : option proof :=
  match read_entries (read_numbers t) [] with
  | Some (table, Npos goal :: t) =>
      match read_roots global t [goal] with
      | Some (roots, t) =>
          match read_roots local t roots with
          | Some (roots, t) =>
              match read_steps t Start [] with
              | Some steps => Some {| table := table; roots := rev' roots; steps := steps |}
              | None => None
              end
          | None => None
          end
      | None => None
      end
  | _ => None
  end.

(** ** Countermodels

    The designated world, from 0; the number of worlds; the atoms of each world;
    for each relation in the order of [logics], the successors of each world, from
    1. Each list ends in 0. *)
Fixpoint read_sets (t : list N) (one : set) (done : list set) : list set :=
  match t with
  | [] => rev' done
  | N0 :: t => read_sets t Leaf (one :: done)
  | Npos p :: t => read_sets t (add p one) done
  end.

(** The numbers from [i] to [n], but no more than there are sets. *)
Fixpoint numbers_to (n i : positive) (l : list set) : list positive :=
  match l with
  | [] => []
  | _ :: l => i :: (if Pos.eqb i n then [] else numbers_to n (Pos.succ i) l)
  end.

(** A set for each world, and the sets that are left. *)
Fixpoint distribute (ws : list positive) (l : list set) (m : trie set) : trie set * list set :=
  match ws, l with
  | w :: ws, s :: l => distribute ws l (Trie.put Leaf w s m)
  | _, _ => (m, l)
  end.

Fixpoint relate (ls : list (positive * logic)) (ws : list positive) (l : list set)
    (m : trie (trie set)) : trie (trie set) :=
  match ls with
  | [] => m
  | (r, _) :: ls =>
      let (e, l) := distribute ws l Leaf in relate ls ws l (Trie.put Leaf r e m)
  end.

Definition read_countermodel (S : setting) (t : list byte) : option (finite * positive) :=
  match read_numbers t with
  | w :: Npos n :: t =>
      let sets := read_sets t Leaf [] in
      let ws := numbers_to n 1 sets in
      let (a, sets) := distribute ws sets Leaf in
      Some ({| worlds := ws; true_at := a; edges := relate (logics S) ws sets Leaf |},
            match w with N0 => 1 | Npos p => Pos.succ p end)%positive
  | _ => None
  end.

(** ** The theorems that an answer is made of

    [t] must be the canonical text of the question, so that the reader of the text
    and the kernel speak of the same formulas. *)
Definition check_entailed (t : list byte) (S : setting) (global local : list mform) (f : mform)
    (c : list byte) : bool :=
  if same_text (print_question global local f) t then
    match read_proof global local c with
    | Some p => check_proof S global local f p
    | None => false
    end
  else false.

Definition check_not_entailed (t : list byte) (S : setting) (global local : list mform) (f : mform)
    (c : list byte) : bool :=
  if same_text (print_question global local f) t then
    match read_countermodel S c with
    | Some (m, w) => check_countermodel S global local f m w
    | None => false
    end
  else false.

Lemma entailed_when : forall t S global local f c,
  when (check_entailed t S global local f c) (Entails S global local f).
Proof.
  intros t S global local f c; unfold check_entailed.
  destruct (same_text (print_question global local f) t); [ | exact I ].
  destruct (read_proof global local c); [ exact (check_proof_when S global local f _) | exact I ].
Qed.

Lemma not_entailed_when : forall t S global local f c,
  when (check_not_entailed t S global local f c) (~ Entails S global local f).
Proof.
  intros t S global local f c; unfold check_not_entailed.
  destruct (same_text (print_question global local f) t); [ | exact I ].
  destruct (read_countermodel S c) as [ [m w] | ]; [ | exact I ].
  exact (when_intro _ _ (check_countermodel_sound S global local f m w)).
Qed.

Theorem entailed : forall t S global local f c,
  check_entailed t S global local f c = true -> Entails S global local f.
Proof.
  intros t S global local f c; exact (when_true _ _ (entailed_when t S global local f c)).
Qed.

Theorem not_entailed : forall t S global local f c,
  check_not_entailed t S global local f c = true -> ~ Entails S global local f.
Proof.
  intros t S global local f c; exact (when_true _ _ (not_entailed_when t S global local f c)).
Qed.

(** A long formula is written as its text. What does not parse becomes [Bot],
    whose text is another one. *)
Definition formula (t : list byte) : mform :=
  match parse t with Some f => f | None => Bot end.

Arguments entailed t%text S global%list local%list f c%text.
Arguments not_entailed t%text S global%list local%list f c%text.
Arguments formula t%text.
