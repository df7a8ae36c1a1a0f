(** * Certificates of validity: clausal proofs over time

    A certificate is a table of formulas and a list of steps, each of which
    derives a clause that is true at every position of the run: by unit
    propagation, by reading an earlier clause one position later, or by induction
    along the run. One that passes [check_proof] makes the goal valid, over
    infinite time or over finite runs. *)

From Coq Require Import List PArith Bool.
From PXL Require Import Form Trie.
From PXLChrono Require Import Syntax Semantics.
Import ListNotations.

(** ** What a certificate is

    Nodes are numbered from 1 in table order, and a node names earlier ones. The
    literal [v~0] says that node [v] is true, [v~1] that it is false. The table
    begins with the six nodes of [header], which no certificate writes. Clauses
    are numbered from 1: the defining clauses of the header, the clause that says
    how time ends, the defining clauses of the other nodes, then one for each
    step. *)
Inductive entry : Type :=
| EAtom (p : positive)
| EBot
| ENeg (a : positive)
| EConj (a b : positive)
| EDisj (a b : positive)
| EImpl (a b : positive)
| EIff (a b : positive)
| ENext (a : positive)
| EUntil (a b : positive)
| EPrev (a : positive)
| ESince (a b : positive).

Definition clause : Type := list positive.

(** [Succ premise c]: literal by literal, [c] says of a position what the premise
    says of the next. [Induct i v x stop go]: [i] rules out the until [v], since
    it rules out its end ([stop]) and hands itself on ([go]: [x] says of a
    position that [i] is true at the next). *)
Inductive step : Type :=
| Rup (c : clause) (hints : list positive)
| Succ (premise : positive) (c : clause)
| Induct (i v x stop go : positive).

Record proof : Type := { table : list entry; root : positive; steps : list step }.

Definition header : list entry := [EBot; ENeg 1; ENext 2; EPrev 2; ENeg 3; EUntil 2 5].

Definition has_next : positive := 3.
Definition has_prev : positive := 4.
Definition has_last : positive := 6.

(** ** Reading the table

    What is known of a node: its formula and its literal, and what the rules
    ask: the literals of its children. *)
Inductive node : Type :=
| Plain (f : kform) (l : positive)
| Nexted (f : kform) (l x : positive)
| Preved (f : kform) (l x : positive)
| Untiled (f g : kform) (l x y : positive)
| Sinced (f g : kform) (l x y : positive).

Definition meaning (n : node) : kform :=
  match n with
  | Plain f _ => f
  | Nexted f _ _ => KNext f
  | Preved f _ _ => KPrev f
  | Untiled f g _ _ _ => KUntil f g
  | Sinced f g _ _ _ => KSince f g
  end.

Definition lit (n : node) : positive :=
  match n with
  | Plain _ l | Nexted _ l _ | Preved _ l _ | Untiled _ _ l _ _ | Sinced _ _ l _ _ => l
  end.

Definition flip (l : positive) : positive :=
  match l with xO v => xI v | xI v => xO v | xH => xH end.

(** A finite map has [None] for what is not there. *)
Definition map (A : Type) : Type := trie (option A).

Definition unary (nodes : map node) (a : positive) (k : node -> node * list clause)
  : option (node * list clause) :=
  match get None a nodes with Some n => Some (k n) | None => None end.

Definition binary (nodes : map node) (a b : positive)
    (k : node -> node -> node * list clause) : option (node * list clause) :=
  match get None a nodes with
  | Some n => match get None b nodes with Some m => Some (k n m) | None => None end
  | None => None
  end.

Definition conj_clauses (i x y : positive) : list clause :=
  [[xI i; x]; [xI i; y]; [xO i; flip x; flip y]].
Definition disj_clauses (i x y : positive) : list clause :=
  [[xO i; flip x]; [xO i; flip y]; [xI i; x; y]].
Definition impl_clauses (i x y : positive) : list clause :=
  [[xO i; x]; [xO i; flip y]; [xI i; flip x; y]].
Definition iff_clauses (i x y : positive) : list clause :=
  [[xI i; flip x; y]; [xI i; x; flip y]; [xO i; x; y]; [xO i; flip x; flip y]].

(** Of an until and a since: the end makes it true, and it needs one of both. *)
Definition reach_clauses (i x y : positive) : list clause :=
  [[xO i; flip y]; [xI i; x; y]].

(** Of a next or previous node [i]: that there is such a position; and when it is
    that of an until or since [l], how [l] unfolds. *)
Definition shift_clauses (i exists_ : positive) : list clause := [[xI i; xO exists_]].
Definition unfold_clauses (i exists_ l x y : positive) : list clause :=
  [[xI i; xO exists_]; [flip l; y; xO i]; [l; flip x; xI i]].

Definition describe (nodes : map node) (i : positive) (e : entry)
  : option (node * list clause) :=
  let plain op k n m :=
    (Plain (op (meaning n) (meaning m)) (xO i), k i (lit n) (lit m)) in
  match e with
  | EAtom p => Some (Plain (KAtom p) (xO i), [])
  | EBot => Some (Plain KBot (xO i), [[xI i]])
  | ENeg a => unary nodes a (fun n => (Plain (KNeg (meaning n)) (flip (lit n)), []))
  | EConj a b => binary nodes a b (plain KConj conj_clauses)
  | EDisj a b => binary nodes a b (plain KDisj disj_clauses)
  | EImpl a b => binary nodes a b (plain KImpl impl_clauses)
  | EIff a b => binary nodes a b (plain KIff iff_clauses)
  | ENext a => unary nodes a (fun n => (Nexted (meaning n) (xO i) (lit n),
      match n with
      | Untiled _ _ l x y => unfold_clauses i has_next l x y
      | _ => shift_clauses i has_next
      end))
  | EPrev a => unary nodes a (fun n => (Preved (meaning n) (xO i) (lit n),
      match n with
      | Sinced _ _ l x y => unfold_clauses i has_prev l x y
      | _ => shift_clauses i has_prev
      end))
  | EUntil a b => binary nodes a b (fun n m =>
      (Untiled (meaning n) (meaning m) (xO i) (lit n) (lit m), reach_clauses i (lit n) (lit m)))
  | ESince a b => binary nodes a b (fun n m =>
      (Sinced (meaning n) (meaning m) (xO i) (lit n) (lit m), reach_clauses i (lit n) (lit m)))
  end.

(** Clauses by number, and the next number. *)
Record store : Type := { clauses : map clause; next : positive }.

Definition push (s : store) (c : clause) : store :=
  {| clauses := put None (next s) (Some c) (clauses s); next := Pos.succ (next s) |}.

Fixpoint push_all (s : store) (cs : list clause) : store :=
  match cs with [] => s | c :: cs => push_all (push s c) cs end.

(** No node is there before its turn; to test that spares a proof about numbers. *)
Fixpoint read_table (t : list entry) (i : positive) (nodes : map node) (s : store)
  : option (map node * store) :=
  match t with
  | [] => Some (nodes, s)
  | e :: t =>
      match get None i nodes with
      | None =>
          match describe nodes i e with
          | Some (n, cs) => read_table t (Pos.succ i) (put None i (Some n) nodes) (push_all s cs)
          | None => None
          end
      | Some _ => None
      end
  end.

(** Time that never ends has a next position everywhere; time that ends, a last
    position ahead. *)
Definition time_clause (finite : bool) : clause :=
  [xO (if finite then has_last else has_next)].

(** ** Checking the steps

    [false] is the set of literals that are false so far. *)
Inductive outcome : Type := Conflict | Unit (l : positive) | Stuck.

Fixpoint only (l : positive) (false : set) (c : clause) : bool :=
  match c with
  | [] => true
  | k :: c => if mem k false then only l false c
              else if Pos.eqb k l then only l false c else Datatypes.false
  end.

Fixpoint propagate (false : set) (c : clause) : outcome :=
  match c with
  | [] => Conflict
  | l :: c => if mem l false then propagate false c
              else if only l false c then Unit l else Stuck
  end.

Fixpoint rup (cs : map clause) (false : set) (hints : list positive) : bool :=
  match hints with
  | [] => Datatypes.false
  | h :: hints =>
      match get None h cs with
      | Some c =>
          match propagate false c with
          | Conflict => true
          | Unit l => rup cs (add (flip l) false) hints
          | Stuck => Datatypes.false
          end
      | None => Datatypes.false
      end
  end.

Fixpoint add_all (c : clause) (s : set) : set :=
  match c with [] => s | l :: c => add_all c (add l s) end.

(** Whether [c] has a literal and its flip; [seen]: the literals passed. *)
Fixpoint tautology (c : clause) (seen : set) : bool :=
  match c with
  | [] => false
  | l :: c =>
      if match l with xO v => mem (xI v) seen | xI v => mem (xO v) seen | xH => false end
      then true else tautology c (add l seen)
  end.

(** [l] says of a position what literal [x] of the result says of the next. *)
Definition next_of (nodes : map node) (x l : positive) : bool :=
  match l with
  | xO v => match get None v nodes with Some (Nexted _ _ h) => Pos.eqb h x | _ => false end
  | xI v => match get None v nodes with Some (Nexted _ _ h) => Pos.eqb (flip h) x | _ => false end
  | xH => false
  end.

Definition prev_of (nodes : map node) (x l : positive) : bool :=
  match x with
  | xO v => match get None v nodes with Some (Preved _ _ h) => Pos.eqb h l | _ => false end
  | xI v => match get None v nodes with Some (Preved _ _ h) => Pos.eqb (flip h) l | _ => false end
  | xH => false
  end.

Definition later (nodes : map node) (x l : positive) : bool :=
  if next_of nodes x l then true else prev_of nodes x l.

(** The result of the successor rule: [d], and that there is no next position. *)
Fixpoint successor (nodes : map node) (finite : bool) (c d : clause) : option clause :=
  match c, d with
  | [], [] => Some (if finite then [xI has_next] else [])
  | x :: c, l :: d =>
      if later nodes x l then
        match successor nodes finite c d with Some r => Some (l :: r) | None => None end
      else None
  | _, _ => None
  end.

Fixpoint one_of (l : positive) (c : clause) : bool :=
  match c with [] => false | k :: c => if Pos.eqb l k then true else one_of l c end.

Fixpoint within (c d : clause) : bool :=
  match c with [] => true | l :: c => if one_of l d then within c d else false end.

Definition induct (nodes : map node) (cs : map clause) (i v x stop go : positive)
  : option clause :=
  match get None v nodes with
  | Some (Untiled _ _ _ a b) =>
      match get None stop cs with
      | Some c =>
          match get None go cs with
          | Some d =>
              if later nodes i x then
                if within c [flip i; flip b] then
                  if within d [flip i; flip a; xI has_next; x] then Some [flip i; xI v]
                  else None
                else None
              else None
          | None => None
          end
      | None => None
      end
  | _ => None
  end.

(** A clause without hints must be a tautology: it has nothing else to stand on. *)
Definition derive (finite : bool) (nodes : map node) (cs : map clause) (s : step)
  : option clause :=
  match s with
  | Rup c [] => if tautology c Leaf then Some c else None
  | Rup c hints => if rup cs (add_all c Leaf) hints then Some c else None
  | Succ premise d =>
      match get None premise cs with Some c => successor nodes finite c d | None => None end
  | Induct i v x stop go => induct nodes cs i v x stop go
  end.

(** The last clause, or [None] when a step fails or there is none. *)
Fixpoint run_steps (finite : bool) (nodes : map node) (s : store) (ss : list step)
    (last : option clause) : option clause :=
  match ss with
  | [] => last
  | st :: ss =>
      match derive finite nodes (clauses s) st with
      | Some c => run_steps finite nodes (push s c) ss (Some c)
      | None => None
      end
  end.

Definition means (nodes : map node) (v : positive) (f : kform) : bool :=
  match get None v nodes with Some n => kform_eqb (meaning n) f | None => false end.

(** Whether the steps derive that the root is true or there is a position before:
    then it is true at the first one. *)
Definition check_steps (finite : bool) (nodes : map node) (s : store) (root : node)
    (ss : list step) : bool :=
  match run_steps finite nodes s ss None with
  | Some c => within c [xO has_prev; lit root]
  | None => false
  end.

Definition read_all (finite : bool) (t : list entry) : option (map node * store) :=
  match read_table header 1 Leaf {| clauses := Leaf; next := 1 |} with
  | Some (nodes, s) => read_table t 7 nodes (push s (time_clause finite))
  | None => None
  end.

Definition check_proof (finite : bool) (f : tform) (p : proof) : bool :=
  match read_all finite (table p) with
  | Some (nodes, s) =>
      match get None (root p) nodes with
      | Some n =>
          if kform_eqb (meaning n) (core f) then check_steps finite nodes s n (steps p)
          else false
      | None => false
      end
  | None => false
  end.
