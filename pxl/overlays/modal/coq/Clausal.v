(** * Certificates of entailment: clausal proofs

    A certificate is a table of subformulas and a list of steps, each of which
    derives a clause: by unit propagation through earlier clauses, or by the
    successor rule of a relation. A clause is valid when at every world of every
    model of the setting, all of whose worlds satisfy the global assumptions, not
    all its literals are false. A certificate that passes [check_proof] makes the
    goal follow: [Soundness] proves it. *)

From Coq Require Import List PArith Bool.
From PXL Require Import Form Trie.
From PXLModal Require Import Syntax Semantics.
Import ListNotations.

(** ** What a certificate is

    Nodes are numbered from 1 in table order, and a node names earlier ones. The
    literal [v~0] says that node [v] is true, [v~1] that it is false. Clauses are
    numbered from 1: first the defining clauses of the nodes, in table order,
    then one for each global assumption, then one for each step. [roots]: the nodes
    of the goal, of the global assumptions and of the local ones, in order. *)
Inductive entry : Type :=
| EAtom (p : positive)
| EBot
| ENeg (a : positive)
| EConj (a b : positive)
| EDisj (a b : positive)
| EImpl (a b : positive)
| EIff (a b : positive)
| EBox (r a : positive)
| EDia (r a : positive).

Definition clause : Type := list positive.

Inductive step : Type :=
| Rup (c : clause) (hints : list positive)
| Succ (r premise : positive) (c : clause).

Record proof : Type := { table : list entry; roots : list positive; steps : list step }.

(** ** What the setting says of its relations *)
Inductive property : Type := Serial | Reflexive | Symmetric | Transitive | Euclidean.

Definition knows (l : logic) (p : property) : bool :=
  match p, l with
  | Serial, (D | T | B | DB | D4 | S4 | D5 | KD45 | S5)
  | Reflexive, (T | B | S4 | S5)
  | Symmetric, (B | KB | DB | KB4 | S5)
  | Transitive, (K4 | D4 | S4 | KB4 | K45 | KD45 | S5)
  | Euclidean, (KB4 | K5 | D5 | K45 | KD45 | S5) => true
  | _, _ => false
  end.

Fixpoint known (ls : list (positive * logic)) (r : positive) (p : property) : bool :=
  match ls with
  | [] => false
  | (s, l) :: ls =>
      if if Pos.eqb r s then knows l p else false then true else known ls r p
  end.

(** An arrow [(s, true)] from [r]: where [r] goes, [s] goes as well; [(s, false)]:
    where [r] goes, [s] goes back. The setting names some; the others are chains
    of these. *)
Definition arrow : Type := positive * bool.

Definition same (s : positive) (b : bool) (a : arrow) : bool :=
  if Pos.eqb s (fst a) then eqb b (snd a) else false.

Fixpoint member (s : positive) (b : bool) (l : list arrow) : bool :=
  match l with [] => false | a :: l => if same s b a then true else member s b l end.

Fixpoint mirrors (ls : list (positive * logic)) (k : list (positive * arrow))
  : list (positive * arrow) :=
  match ls with
  | [] => k
  | (r, l) :: ls =>
      if knows l Symmetric then (r, (r, false)) :: mirrors ls k else mirrors ls k
  end.

Fixpoint arrows (b : bool) (l : list (positive * positive)) (k : list (positive * arrow))
  : list (positive * arrow) :=
  match l with [] => k | (r, s) :: l => (r, (s, b)) :: arrows b l k end.

Definition edges (S : setting) : list (positive * arrow) :=
  mirrors (logics S) (arrows true (included S) (arrows false (converse S) [])).

Definition include (s : positive) (b : bool) (l : list arrow) : list arrow :=
  if member s b l then l else (s, b) :: l.

(** The arrows that [e] adds to [l], if it starts where an arrow of sign [b] ends. *)
Definition follow (b : bool) (e : positive * arrow) (l : list arrow) : list arrow :=
  if member (fst e) b l then include (fst (snd e)) (eqb b (snd (snd e))) l else l.

Fixpoint extend (es : list (positive * arrow)) (l : list arrow) : list arrow :=
  match es with
  | [] => l
  | e :: es => extend es (follow false e (follow true e l))
  end.

Fixpoint as_long (l m : list arrow) : bool :=
  match l, m with _, [] => true | [], _ => false | _ :: l, _ :: m => as_long l m end.

Fixpoint close (fuel es : list (positive * arrow)) (l : list arrow) : list arrow :=
  match fuel with
  | [] => l
  | _ :: fuel => let m := extend es l in if as_long l m then l else close fuel es m
  end.

(** Each relation can be reached in both directions. *)
Definition reach (S : setting) (r : positive) : list arrow :=
  let es := edges S in close (es ++ es) es [(r, true)].

Fixpoint add_targets (l : list arrow) (s : set) : set :=
  match l with [] => s | (r, _) :: l => add_targets l (add r s) end.

Fixpoint add_reflexive (S : setting) (ls : list (positive * logic)) (s : set) : set :=
  match ls with
  | [] => s
  | (r, l) :: ls =>
      add_reflexive S ls (if knows l Reflexive then add_targets (reach S r) s else s)
  end.

(** The relations that are reflexive. *)
Definition reflexives (S : setting) : set := add_reflexive S (logics S) Leaf.

(** ** Reading the table

    What is known of a node: its formula and its literal; of a box or a diamond,
    the relation, and the formula and the literal of the child as well. *)
Inductive node : Type :=
| Plain (f : mform) (l : positive)
| Boxed (r : positive) (f : mform) (l child : positive)
| Diamond (r : positive) (f : mform) (l child : positive).

Definition meaning (n : node) : mform :=
  match n with Plain f _ => f | Boxed r f _ _ => Box r f | Diamond r f _ _ => Dia r f end.

Definition lit (n : node) : positive :=
  match n with Plain _ l | Boxed _ _ l _ | Diamond _ _ l _ => l end.

Definition flip (l : positive) : positive :=
  match l with xO v => xI v | xI v => xO v | xH => xH end.

(** A finite map has [None] for what is not there. *)
Definition map (A : Type) : Type := trie (option A).

(** What an entry adds as node [i]: the node and its defining clauses. A
    negation has none, since its literal is its child's, flipped. *)
Definition unary (nodes : map node) (a : positive) (k : node -> node * list clause)
  : option (node * list clause) :=
  match get None a nodes with Some n => Some (k n) | None => None end.

Definition binary (nodes : map node) (i a b : positive) (op : mform -> mform -> mform)
    (k : positive -> positive -> positive -> list clause) : option (node * list clause) :=
  match get None a nodes with
  | Some n =>
      match get None b nodes with
      | Some m => Some (Plain (op (meaning n) (meaning m)) (xO i), k i (lit n) (lit m))
      | None => None
      end
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

(** [refl]: the reflexive relations. *)
Definition describe (refl : set) (nodes : map node) (i : positive) (e : entry)
  : option (node * list clause) :=
  match e with
  | EAtom p => Some (Plain (Atom p) (xO i), [])
  | EBot => Some (Plain Bot (xO i), [[xI i]])
  | ENeg a => unary nodes a (fun n => (Plain (Neg (meaning n)) (flip (lit n)), []))
  | EConj a b => binary nodes i a b Conj conj_clauses
  | EDisj a b => binary nodes i a b Disj disj_clauses
  | EImpl a b => binary nodes i a b Impl impl_clauses
  | EIff a b => binary nodes i a b Iff iff_clauses
  | EBox r a => unary nodes a (fun n =>
      (Boxed r (meaning n) (xO i) (lit n), if mem r refl then [[xI i; lit n]] else []))
  | EDia r a => unary nodes a (fun n =>
      (Diamond r (meaning n) (xO i) (lit n), if mem r refl then [[xO i; flip (lit n)]] else []))
  end.

(** Clauses by number, and the next number. *)
Record store : Type := { clauses : map clause; next : positive }.

Definition push (s : store) (c : clause) : store :=
  {| clauses := put None (next s) (Some c) (clauses s); next := Pos.succ (next s) |}.

Fixpoint push_all (s : store) (cs : list clause) : store :=
  match cs with [] => s | c :: cs => push_all (push s c) cs end.

(** All nodes, and the store with their defining clauses. No node is there before
    its turn; to test that spares a proof about numbers. *)
Fixpoint read_table (refl : set) (t : list entry) (i : positive) (nodes : map node) (s : store)
  : option (map node * store) :=
  match t with
  | [] => Some (nodes, s)
  | e :: t =>
      match get None i nodes with
      | None =>
          match describe refl nodes i e with
          | Some (n, cs) =>
              read_table refl t (Pos.succ i) (put None i (Some n) nodes) (push_all s cs)
          | None => None
          end
      | Some _ => None
      end
  end.

(** The literal of node [i], which must be [f]. *)
Definition literal (nodes : map node) (i : positive) (f : mform) : option positive :=
  match get None i nodes with
  | Some n => if mform_eqb (meaning n) f then Some (lit n) else None
  | None => None
  end.

(** The store with the global assumptions [fs], whose nodes are the first of [is],
    and the nodes after these. *)
Fixpoint assume_all (nodes : map node) (fs : list mform) (is : list positive) (s : store)
  : option (store * list positive) :=
  match fs with
  | [] => Some (s, is)
  | f :: fs =>
      match is with
      | [] => None
      | i :: is =>
          match literal nodes i f with
          | Some l => assume_all nodes fs is (push s [l])
          | None => None
          end
      end
  end.

(** [goals] and what contradicts the local assumptions [fs]. *)
Fixpoint allow_all (nodes : map node) (fs : list mform) (is : list positive) (goals : set)
  : option set :=
  match fs, is with
  | [], [] => Some goals
  | f :: fs, i :: is =>
      match literal nodes i f with
      | Some l => allow_all nodes fs is (add (flip l) goals)
      | None => None
      end
  | _, _ => None
  end.

(** ** Unit propagation

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

(** ** The successor rule

    The premise is read at a successor [u] of [w]. Each of its literals [l] has a
    literal [k] of the conclusion, such that [l] is false at [u] if [k] is false at
    [w]. A literal is a box of a literal, or a diamond of one, or neither. *)
Inductive view : Type := Every (r x : positive) | Exists (r x : positive) | Other.

Definition look (nodes : map node) (l : positive) : view :=
  match l with
  | xO v =>
      match get None v nodes with
      | Some (Boxed r _ _ x) => Every r x
      | Some (Diamond r _ _ x) => Exists r x
      | _ => Other
      end
  | xI v =>
      match get None v nodes with
      | Some (Boxed r _ _ x) => Exists r (flip x)
      | Some (Diamond r _ _ x) => Every r (flip x)
      | _ => Other
      end
  | xH => Other
  end.

(** From [r] to [u], then by [s] to [v]: from [w] by [s] to [v]. [a]: the arrows
    from [r]. *)
Definition forth (S : setting) (a : list arrow) (s : positive) : bool :=
  if if member s true a then known (logics S) s Transitive else false then true
  else if member s false a then known (logics S) s Euclidean else false.

(** By [r] to [u], and by [s] to [v]: from [u] by [s] to [v]. *)
Definition back (S : setting) (a : list arrow) (s : positive) : bool :=
  if if member s true a then known (logics S) s Euclidean else false then true
  else if member s false a then known (logics S) s Transitive else false.

(** [l] is the box of [k], by a relation that leads back to [w]. *)
Definition returns (nodes : map node) (a : list arrow) (l k : positive) : bool :=
  match look nodes l with
  | Every s x => if Pos.eqb x k then member s false a else false
  | _ => false
  end.

(** The pairs that hold of every successor: [k] is a diamond of [l]; [k] is [l], a
    diamond or a box that is inherited; or [l] is a box of [k]. *)
Definition carried (S : setting) (nodes : map node) (a : list arrow) (l k : positive) : bool :=
  match look nodes k with
  | Exists s x =>
      if if Pos.eqb x l then member s true a else false then true
      else if if Pos.eqb l k then forth S a s else false then true
      else returns nodes a l k
  | Every s x =>
      if if Pos.eqb l k then back S a s else false then true
      else returns nodes a l k
  | Other => returns nodes a l k
  end.

(** [k] is the box of [l]: it has a successor where [l] is false. *)
Definition witnessed (nodes : map node) (r l k : positive) : bool :=
  match look nodes k with
  | Every s x => if Pos.eqb s r then Pos.eqb x l else false
  | _ => false
  end.

(** The first such [k]. *)
Fixpoint witness (nodes : map node) (r : positive) (c d : clause) : option positive :=
  match c, d with
  | l :: c, k :: d => if witnessed nodes r l k then Some k else witness nodes r c d
  | _, _ => None
  end.

(** Whether literals [l] of [c] and [k] of [d] pair; [w]: the witness. *)
Definition pair (S : setting) (nodes : map node) (a : list arrow) (r : positive)
    (w : option positive) (l k : positive) : bool :=
  if match w with
     | Some x => if Pos.eqb x k then witnessed nodes r l x else false
     | None => false
     end
  then true else carried S nodes a l k.

Fixpoint pairs (S : setting) (nodes : map node) (a : list arrow) (r : positive)
    (w : option positive) (c d : clause) : bool :=
  match c, d with
  | [], [] => true
  | l :: c, k :: d => if pair S nodes a r w l k then pairs S nodes a r w c d else false
  | _, _ => false
  end.

Definition successor (S : setting) (nodes : map node) (r : positive) (c d : clause) : bool :=
  match witness nodes r c d with
  | Some x => pairs S nodes (reach S r) r (Some x) c d
  | None =>
      if known (logics S) r Serial then pairs S nodes (reach S r) r None c d else false
  end.

(** ** The checker

    A clause without hints must be a tautology: it has nothing else to stand on. *)
Definition derive (S : setting) (nodes : map node) (cs : map clause) (s : step) : option clause :=
  match s with
  | Rup c [] => if tautology c Leaf then Some c else None
  | Rup c hints => if rup cs (add_all c Leaf) hints then Some c else None
  | Succ r premise d =>
      match get None premise cs with
      | Some c => if successor S nodes r c d then Some d else None
      | None => None
      end
  end.

(** The last clause, or [None] when a step fails or there is none. *)
Fixpoint run (S : setting) (nodes : map node) (s : store) (ss : list step) (last : option clause)
  : option clause :=
  match ss with
  | [] => last
  | st :: ss =>
      match derive S nodes (clauses s) st with
      | Some c => run S nodes (push s c) ss (Some c)
      | None => None
      end
  end.

Fixpoint all_in (goals : set) (c : clause) : bool :=
  match c with
  | [] => true
  | l :: c => if mem l goals then all_in goals c else false
  end.

(** Whether the steps derive a clause of the goal and of what contradicts the
    local assumptions. *)
Definition check_steps (S : setting) (nodes : map node) (s : store) (goals : set)
    (ss : list step) : bool :=
  match run S nodes s ss None with Some c => all_in goals c | None => false end.

Definition check_roots (S : setting) (global local : list mform) (f : mform)
    (nodes : map node) (s : store) (p : proof) : bool :=
  match roots p with
  | [] => false
  | i :: is =>
      match literal nodes i f with
      | Some l =>
          match assume_all nodes global is s with
          | Some (s, is) =>
              match allow_all nodes local is (add l Leaf) with
              | Some goals => check_steps S nodes s goals (steps p)
              | None => false
              end
          | None => false
          end
      | None => false
      end
  end.

Definition check_proof (S : setting) (global local : list mform) (f : mform) (p : proof) : bool :=
  match read_table (reflexives S) (table p) 1 Leaf {| clauses := Leaf; next := 1 |} with
  | Some (nodes, s) => check_roots S global local f nodes s p
  | None => false
  end.
