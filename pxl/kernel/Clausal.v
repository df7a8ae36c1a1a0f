(** * Certificates of provability: clausal proofs

    A certificate is a table of the goal's subformulas and a list of steps, each
    of which derives a clause: by unit propagation through earlier clauses, or
    by necessitation. A certificate that passes [check_proof] makes the goal a
    theorem. *)

From Coq Require Import List PArith Bool.
From PXL Require Import Form Prov Trie.
Import ListNotations.

(** ** What a certificate is

    Nodes are numbered from 1 in table order, and a node names earlier ones; the
    last one is the goal. The literal [v~0] says that node [v] is true, [v~1]
    that it is false. Clauses are numbered from 1: first the defining clauses of
    the nodes, in table order, then one for each step. *)
Inductive entry : Type :=
| EAtom (p : positive)
| EBot
| ENeg (a : positive)
| EConj (a b : positive)
| EDisj (a b : positive)
| EImpl (a b : positive)
| EIff (a b : positive)
| EBox (a : positive)
| EDia (a : positive).

Definition clause : Type := list positive.

Inductive step : Type :=
| Rup (c : clause) (hints : list positive)
| Nec (premise node : positive).

Record proof : Type := { table : list entry; steps : list step }.

(** ** Reading the table

    What is known of a node: its formula and its literal; of [Box f] and [Dia f],
    [f] and the literal of [f] as well. *)
Inductive node : Type :=
| Plain (f : form) (l : positive)
| Boxed (f : form) (l child : positive)
| Diamond (f : form) (l child : positive).

Definition meaning (n : node) : form :=
  match n with Plain f _ => f | Boxed f _ _ => Box f | Diamond f _ _ => Dia f end.

Definition lit (n : node) : positive :=
  match n with Plain _ l | Boxed _ l _ | Diamond _ l _ => l end.

Definition flip (l : positive) : positive :=
  match l with xO v => xI v | xI v => xO v | xH => xH end.

(** A finite map has [None] for what is not there. *)
Definition map (A : Type) : Type := trie (option A).

(** What an entry adds as node [i]: the node and its defining clauses. A
    negation has none, since its literal is its child's, flipped. *)
Definition unary (nodes : map node) (a : positive) (k : node -> node * list clause)
  : option (node * list clause) :=
  match get None a nodes with Some n => Some (k n) | None => None end.

Definition binary (nodes : map node) (i a b : positive) (op : form -> form -> form)
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

Definition describe (nodes : map node) (i : positive) (e : entry)
  : option (node * list clause) :=
  match e with
  | EAtom p => Some (Plain (Atom p) (xO i), [])
  | EBot => Some (Plain Bot (xO i), [[xI i]])
  | ENeg a => unary nodes a (fun n => (Plain (Neg (meaning n)) (flip (lit n)), []))
  | EConj a b => binary nodes i a b Conj conj_clauses
  | EDisj a b => binary nodes i a b Disj disj_clauses
  | EImpl a b => binary nodes i a b Impl impl_clauses
  | EIff a b => binary nodes i a b Iff iff_clauses
  | EBox a => unary nodes a (fun n => (Boxed (meaning n) (xO i) (lit n), [[xI i; lit n]]))
  | EDia a => unary nodes a (fun n =>
      (Diamond (meaning n) (xO i) (lit n), [[xO i; flip (lit n)]]))
  end.

(** Clauses by number, and the next number. *)
Record store : Type := { clauses : map clause; next : positive }.

Definition push (s : store) (c : clause) : store :=
  {| clauses := put None (next s) (Some c) (clauses s); next := Pos.succ (next s) |}.

Fixpoint push_all (s : store) (cs : list clause) : store :=
  match cs with [] => s | c :: cs => push_all (push s c) cs end.

(** All nodes, the store with their defining clauses, and the last node. No node
    is there before its turn; to test that spares a proof about numbers. *)
Fixpoint read_table (t : list entry) (i : positive) (nodes : map node) (s : store)
    (last : option node) : option (map node * store * node) :=
  match t with
  | [] => match last with Some root => Some (nodes, s, root) | None => None end
  | e :: t =>
      match get None i nodes with
      | None =>
          match describe nodes i e with
          | Some (n, cs) =>
              read_table t (Pos.succ i) (put None i (Some n) nodes) (push_all s cs) (Some n)
          | None => None
          end
      | Some _ => None
      end
  end.

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

Definition modal (nodes : map node) (v : positive) : bool :=
  match get None v nodes with Some (Boxed _ _ _ | Diamond _ _ _) => true | _ => false end.

Definition is_modal (nodes : map node) (l : positive) : bool :=
  match l with xO v | xI v => modal nodes v | xH => false end.

(** [c] without [x], provided that the rest is modal. *)
Fixpoint modal_rest (nodes : map node) (x : positive) (c : clause) : option clause :=
  match c with
  | [] => Some []
  | l :: c =>
      if Pos.eqb l x then modal_rest nodes x c
      else if is_modal nodes l then
        match modal_rest nodes x c with Some r => Some (l :: r) | None => None end
      else None
  end.

(** From [C, g] infer [C, Box g]; from [C, ~g] infer [C, ~ Dia g]: [l] in place
    of [x]. *)
Definition conclude (nodes : map node) (c : clause) (x l : positive) : option clause :=
  match modal_rest nodes x c with Some r => Some (l :: r) | None => None end.

Definition necessitate (nodes : map node) (c : clause) (v : positive) : option clause :=
  match get None v nodes with
  | Some (Boxed _ _ child) => conclude nodes c child (xO v)
  | Some (Diamond _ _ child) => conclude nodes c (flip child) (xI v)
  | _ => None
  end.

(** A clause without hints must be a tautology: it has nothing else to stand on. *)
Definition derive (nodes : map node) (cs : map clause) (s : step) : option clause :=
  match s with
  | Rup c [] => if tautology c Leaf then Some c else None
  | Rup c hints => if rup cs (add_all c Leaf) hints then Some c else None
  | Nec premise v =>
      match get None premise cs with Some c => necessitate nodes c v | None => None end
  end.

(** The last clause, or [None] when a step fails or there is none. *)
Fixpoint run (nodes : map node) (s : store) (ss : list step) (last : option clause)
  : option clause :=
  match ss with
  | [] => last
  | st :: ss =>
      match derive nodes (clauses s) st with
      | Some c => run nodes (push s c) ss (Some c)
      | None => None
      end
  end.

Fixpoint all_equal (l : positive) (c : clause) : bool :=
  match c with
  | [] => true
  | k :: c => if Pos.eqb k l then all_equal l c else false
  end.

(** Whether the steps derive the root. *)
Definition check_steps (nodes : map node) (s : store) (root : node) (ss : list step) : bool :=
  match run nodes s ss None with Some c => all_equal (lit root) c | None => false end.

Definition check_proof (f : form) (p : proof) : bool :=
  match read_table (table p) 1 Leaf {| clauses := Leaf; next := 1 |} None with
  | Some (nodes, s, root) =>
      if form_eqb (meaning root) f then check_steps nodes s root (steps p) else false
  | None => false
  end.

(** ** Soundness

    Straight in the Hilbert system, by natural deduction in theories. A theory
    contains the theorems and is closed under modus ponens; what a theory proves
    from one more hypothesis is a theory (that is the deduction theorem), and
    what it proves necessary is one (that is axiom K). *)
Record theory : Type := Theory {
  holds :> form -> Prop;
  thm : forall f, Prov f -> holds f;
  app : forall a b, holds (Impl a b) -> holds a -> holds b
}.

Definition theorems : theory := Theory Prov (fun f P => P) mp.

Definition assume (h : form) (T : theory) : theory :=
  Theory (fun f => T (Impl h f))
    (fun f P => thm T _ (mp _ _ (ax_k f h) P))
    (fun a b X Y => app T _ _ (app T _ _ (thm T _ (ax_s h a b)) X) Y).

Definition necessary (T : theory) : theory :=
  Theory (fun f => T (Box f))
    (fun f P => thm T _ (nec f P))
    (fun a b X Y => app T _ _ (app T _ _ (thm T _ (ax_K a b)) X) Y).

Lemma self : forall (T : theory) h, assume h T h.
Proof.
  intros T h; exact (thm T _ (mp _ _ (mp _ _ (ax_s h (Impl h h) h) (ax_k _ _)) (ax_k _ _))).
Qed.

Lemma by1 : forall (T : theory) a b, Prov (Impl a b) -> T a -> T b.
Proof. intros T a b P; exact (app T a b (thm T _ P)). Qed.

Lemma by2 : forall (T : theory) a b c, Prov (Impl a (Impl b c)) -> T a -> T b -> T c.
Proof. intros T a b c P A; exact (app T b c (by1 T a _ P A)). Qed.

Lemma weaken : forall (T : theory) h f, T f -> assume h T f.
Proof. intros T h f; exact (by1 T f (Impl h f) (ax_k f h)). Qed.

Lemma absurd : forall (T : theory) a, T (Neg a) -> T a -> T Bot.
Proof. intros T a; exact (by2 T (Neg a) a Bot (ax_neg_e a)). Qed.

Lemma deny_intro : forall (T : theory) a, assume a T Bot -> T (Neg a).
Proof. intros T a; exact (by1 T (Impl a Bot) (Neg a) (ax_neg_i a)). Qed.

Lemma affirm : forall (T : theory) a, assume (Neg a) T Bot -> T a.
Proof. intros T a X; exact (by1 T _ a (ax_dne a) (deny_intro T (Neg a) X)). Qed.

Lemma impl_false : forall (T : theory) a b, T (Neg a) -> T (Impl a b).
Proof.
  intros T a b N; set (U := assume a T).
  exact (by1 U Bot b (ax_bot b) (absurd U a (weaken T a _ N) (self T a))).
Qed.

Lemma identity : forall a, Prov (Impl a a).
Proof. exact (self theorems). Qed.

Lemma double_neg : forall a, Prov (Impl a (Neg (Neg a))).
Proof.
  intros a; set (T := assume a theorems); apply (deny_intro T (Neg a)).
  exact (absurd (assume (Neg a) T) a (self T _) (weaken T _ a (self theorems a))).
Qed.

Lemma contrapose : forall (T : theory) a b, Prov (Impl a b) -> T (Neg b) -> T (Neg a).
Proof.
  intros T a b P N; apply deny_intro.
  exact (absurd (assume a T) b (weaken T a _ N) (thm T _ P)).
Qed.

Lemma dia_intro : forall (T : theory) a, T a -> T (Dia a).
Proof.
  intros T a A; apply (by1 T _ _ (ax_dual_r a)), (contrapose T _ (Neg a) (ax_T _)).
  exact (by1 T a _ (double_neg a) A).
Qed.

(** A rigid formula implies its own necessity; then so does its negation. *)
Definition rigid (f : form) : Prop := Prov (Impl f (Box f)).

Lemma rigid_neg : forall f, rigid f -> rigid (Neg f).
Proof.
  intros f R; set (T := assume (Neg f) theorems); set (U := necessary T).
  apply (contrapose U f (Box (Neg (Neg f)))).
  - exact (by1 (necessary (assume f theorems)) f _ (double_neg f) R).
  - apply (by1 U _ _ (ax_dual_l (Neg f))), (by1 T _ _ (ax_5 (Neg f))), dia_intro.
    exact (self theorems (Neg f)).
Qed.

(** *** Clauses

    [den] gives each node its formula, and [deny l] says that [l] is false. A
    clause is valid when it is a theorem that its literals are not all false. *)
Definition deny (den : positive -> form) (l : positive) : form :=
  match l with xO v => Neg (den v) | xI v => den v | xH => Neg Bot end.

Fixpoint clash (den : positive -> form) (c : clause) : form :=
  match c with [] => Bot | l :: c => Impl (deny den l) (clash den c) end.

Lemma drop : forall den (T : theory) l c,
  T (clash den (l :: c)) -> T (deny den l) -> T (clash den c).
Proof. intros den T l c; exact (app T (deny den l) (clash den c)). Qed.

Definition valid (den : positive -> form) (c : clause) : Prop := Prov (clash den c).

(** A literal that leads to [Bot] is false. *)
Lemma reject : forall den (T : theory) l,
  assume (deny den l) T Bot -> T (deny den (flip l)).
Proof.
  intros den T [ v | v | ]; [ exact (deny_intro T _) | exact (affirm T _) | intros _ ].
  exact (thm T _ (mp _ _ (ax_neg_i Bot) (identity Bot))).
Qed.

(** The literal [l] stands for [f]. *)
Record denotes (den : positive -> form) (l : positive) (f : form) : Prop := Denotes {
  if_denied : Prov (Impl (deny den l) (Neg f));
  if_affirmed : Prov (Impl (deny den (flip l)) f)
}.

Lemma denotes_node : forall den i f, den i = f -> denotes den (xO i) f.
Proof. intros den i f []; exact (Denotes den (xO i) _ (identity _) (identity _)). Qed.

Lemma flip_flip : forall l, flip (flip l) = l.
Proof. intros [ v | v | ]; reflexivity. Qed.

Lemma denotes_flip : forall den l f, denotes den l f -> denotes den (flip l) (Neg f).
Proof.
  intros den l f [ N Y ]; split.
  - exact (by1 (assume _ theorems) f _ (double_neg f) Y).
  - rewrite flip_flip; exact N.
Qed.

Lemma no : forall {den l f}, denotes den l f -> forall T : theory, T (deny den l) -> T (Neg f).
Proof. exact (fun den l f D T => by1 T _ _ (if_denied _ _ _ D)). Qed.

Lemma yes : forall {den l f}, denotes den l f ->
  forall T : theory, T (deny den (flip l)) -> T f.
Proof. exact (fun den l f D T => by1 T _ _ (if_affirmed _ _ _ D)). Qed.

(** To show a clause valid, refute its literals in any theory. *)
Fixpoint refutes (den : positive -> form) (T : theory) (c : clause) : Prop :=
  match c with [] => T Bot | l :: c => T (deny den l) -> refutes den T c end.

Lemma refutes_clash : forall den c (T : theory),
  (forall U : theory, (forall f, T f -> U f) -> refutes den U c) -> T (clash den c).
Proof.
  intros den c; induction c as [ | l c IH ]; intros T R.
  - exact (R T (fun f X => X)).
  - apply (IH (assume (deny den l) T)); intros U X.
    exact (R U (fun f Y => X f (weaken T _ f Y)) (X _ (self T _))).
Qed.

Lemma refutes_valid : forall den c, (forall T, refutes den T c) -> valid den c.
Proof. intros den c R; exact (refutes_clash den c theorems (fun U _ => R U)). Qed.

(** *** Defining clauses

    [defines cs P]: [P], if the clauses [cs] are valid. *)
Fixpoint defines (den : positive -> form) (cs : list clause) (P : Prop) : Prop :=
  match cs with [] => P | c :: cs => (forall T, refutes den T c) -> defines den cs P end.

Definition given {A} (P : A -> Prop) (o : option A) : Prop :=
  match o with Some x => P x | None => True end.

Record good (den : positive -> form) (n : node) : Prop := Good {
  good_lit : denotes den (lit n) (meaning n);
  good_child :
    match n with Plain _ _ => True | Boxed f _ c | Diamond f _ c => denotes den c f end
}.

Definition good_nodes (den : positive -> form) (nodes : map node) : Prop :=
  forall i, given (good den) (get None i nodes).

Definition good_clauses (den : positive -> form) (cs : map clause) : Prop :=
  forall i, given (valid den) (get None i cs).

(** What [describe] says of node [i] is right. *)
Definition described den (i : positive) (o : option (node * list clause)) : Prop :=
  match o with
  | Some (n, cs) => den i = meaning n -> good den n /\ forall P, defines den cs P -> P
  | None => True
  end.

Lemma binary_described : forall den i n m op k, good den n -> good den m ->
  (forall f g x y, denotes den (xO i) (op f g) -> denotes den x f -> denotes den y g ->
    forall P, defines den (k i x y) P -> P) ->
  described den i (Some (Plain (op (meaning n) (meaning m)) (xO i), k i (lit n) (lit m))).
Proof.
  intros den i n m op k N M D; simpl; intros E; apply denotes_node in E.
  exact (conj (Good den (Plain _ _) E I)
    (D _ _ _ _ E (good_lit den n N) (good_lit den m M))).
Qed.

Lemma binary_sound : forall den nodes, good_nodes den nodes -> forall i a b op k,
  (forall f g x y, denotes den (xO i) (op f g) -> denotes den x f -> denotes den y g ->
    forall P, defines den (k i x y) P -> P) ->
  described den i (binary nodes i a b op k).
Proof.
  intros den nodes G i a b op k D; unfold binary; generalize (G a).
  destruct (get None a nodes) as [ n | ]; [ intros N | exact (fun _ => I) ]; generalize (G b).
  destruct (get None b nodes) as [ m | ]; [ | exact (fun _ => I) ].
  exact (fun M => binary_described den i n m op k N M D).
Qed.

Lemma unary_sound : forall den nodes, good_nodes den nodes -> forall i a k,
  (forall n, denotes den (lit n) (meaning n) -> described den i (Some (k n))) ->
  described den i (unary nodes a k).
Proof.
  intros den nodes G i a k D; unfold unary; generalize (G a).
  destruct (get None a nodes) as [ n | ]; [ | exact (fun _ => I) ].
  exact (fun N => D n (good_lit den n N)).
Qed.

(** What the literals say: [v] of the node, [s] and [t] of its children. *)
Lemma conj_sound : forall den i f g x y,
  denotes den (xO i) (Conj f g) -> denotes den x f -> denotes den y g ->
  forall P, defines den (conj_clauses i x y) P -> P.
Proof.
  intros den i f g x y V X Y P K; exact (K
    (fun T v s => absurd T f (no X T s) (by1 T _ _ (ax_conj_l f g) (yes V T v)))
    (fun T v t => absurd T g (no Y T t) (by1 T _ _ (ax_conj_r f g) (yes V T v)))
    (fun T v s t => absurd T (Conj f g) (no V T v)
      (by2 T f g _ (ax_conj_i f g) (yes X T s) (yes Y T t)))).
Qed.

Lemma disj_sound : forall den i f g x y,
  denotes den (xO i) (Disj f g) -> denotes den x f -> denotes den y g ->
  forall P, defines den (disj_clauses i x y) P -> P.
Proof.
  intros den i f g x y V X Y P K; exact (K
    (fun T v s => absurd T _ (no V T v) (by1 T _ _ (ax_disj_l f g) (yes X T s)))
    (fun T v t => absurd T _ (no V T v) (by1 T _ _ (ax_disj_r f g) (yes Y T t)))
    (fun T v s t => app T _ _
      (by2 T _ _ _ (ax_disj_e f g Bot) (impl_false T f Bot (no X T s))
        (impl_false T g Bot (no Y T t)))
      (yes V T v))).
Qed.

Lemma impl_sound : forall den i f g x y,
  denotes den (xO i) (Impl f g) -> denotes den x f -> denotes den y g ->
  forall P, defines den (impl_clauses i x y) P -> P.
Proof.
  intros den i f g x y V X Y P K; exact (K
    (fun T v s => absurd T _ (no V T v) (impl_false T f g (no X T s)))
    (fun T v t => absurd T _ (no V T v) (weaken T f g (yes Y T t)))
    (fun T v s t => absurd T g (no Y T t) (app T f g (yes V T v) (yes X T s)))).
Qed.

Lemma iff_sound : forall den i f g x y,
  denotes den (xO i) (Iff f g) -> denotes den x f -> denotes den y g ->
  forall P, defines den (iff_clauses i x y) P -> P.
Proof.
  intros den i f g x y V X Y P K; exact (K
    (fun T v s t => absurd T g (no Y T t)
      (by2 T _ f g (ax_iff_l f g) (yes V T v) (yes X T s)))
    (fun T v s t => absurd T f (no X T s)
      (by2 T _ g f (ax_iff_r f g) (yes V T v) (yes Y T t)))
    (fun T v s t => absurd T _ (no V T v)
      (by2 T _ _ _ (ax_iff_i f g) (impl_false T f g (no X T s)) (impl_false T g f (no Y T t))))
    (fun T v s t => absurd T _ (no V T v)
      (by2 T _ _ _ (ax_iff_i f g) (weaken T f g (yes Y T t)) (weaken T g f (yes X T s))))).
Qed.

Lemma describe_sound : forall den nodes, good_nodes den nodes -> forall i e,
  described den i (describe nodes i e).
Proof.
  intros den nodes G i [ p | | a | a b | a b | a b | a b | a | a ].
  - exact (fun E => conj (Good den (Plain _ _) (denotes_node den i _ E) I) (fun P K => K)).
  - exact (fun E => let V := denotes_node den i Bot E in
      conj (Good den (Plain _ _) V I) (fun P K => K (fun T => yes V T))).
  - apply (unary_sound den nodes G); exact (fun n N _ =>
      conj (Good den (Plain _ _) (denotes_flip den _ _ N) I) (fun P K => K)).
  - exact (binary_sound den nodes G i a b Conj _ (conj_sound den i)).
  - exact (binary_sound den nodes G i a b Disj _ (disj_sound den i)).
  - exact (binary_sound den nodes G i a b Impl _ (impl_sound den i)).
  - exact (binary_sound den nodes G i a b Iff _ (iff_sound den i)).
  - apply (unary_sound den nodes G); exact (fun n N E =>
      let V := denotes_node den i (Box (meaning n)) E in
      conj (Good den (Boxed _ _ _) V N) (fun P K => K (fun T v s =>
        absurd T _ (no N T s) (by1 T _ _ (ax_T _) (yes V T v))))).
  - apply (unary_sound den nodes G); exact (fun n N E =>
      let V := denotes_node den i (Dia (meaning n)) E in
      conj (Good den (Diamond _ _ _) V N) (fun P K => K (fun T v s =>
        absurd T _ (no V T v) (dia_intro T _ (yes N T s))))).
Qed.

Lemma push_sound : forall den s c, good_clauses den (clauses s) ->
  valid den c -> good_clauses den (clauses (push s c)).
Proof.
  intros den s c G V; exact (put_all _ None (Some c) (fun _ => given (valid den)) _ _ V G).
Qed.

Lemma push_all_sound : forall den cs s, good_clauses den (clauses s) ->
  defines den cs (good_clauses den (clauses (push_all s cs))).
Proof.
  intros den cs; induction cs as [ | c cs IH ]; intros s G; [ exact G | ].
  intros V; exact (IH (push s c) (push_sound den s c G (refutes_valid den c V))).
Qed.

(** *** The table

    Whatever gives the nodes read so far their formulas makes all good. *)
Record sound (nodes : map node) (s : store) (last : option node)
    (den : positive -> form) : Prop := Sound {
  sound_nodes : good_nodes den nodes;
  sound_clauses : good_clauses den (clauses s);
  sound_last : given (good den) last
}.

Definition agrees (nodes : map node) (den : positive -> form) : Prop :=
  forall i, given (fun n => den i = meaning n) (get None i nodes).

Definition always_sound (nodes : map node) (s : store) (last : option node) : Prop :=
  forall den, agrees nodes den -> sound nodes s last den.

Definition table_sound (o : option (map node * store * node)) : Prop :=
  match o with
  | Some (nodes, s, root) => always_sound nodes s (Some root)
  | None => True
  end.

Lemma sound_put : forall nodes i n cs s last, get None i nodes = None ->
  always_sound nodes s last ->
  (forall den, good_nodes den nodes -> described den i (Some (n, cs))) ->
  always_sound (put None i (Some n) nodes) (push_all s cs) (Some n).
Proof.
  intros nodes i n cs s last F S D den A.
  destruct (S den (put_others _ None (Some n) (fun i => given (fun n => den i = meaning n))
    i nodes F (fun _ => I) A)) as [ G C _ ].
  generalize (A i); rewrite get_put_same; intros E; destruct (D den G E) as [ N K ].
  exact (Sound _ _ (Some n) den
    (put_all _ None (Some n) (fun _ => given (good den)) i nodes N G)
    (K _ (push_all_sound den cs s C)) N).
Qed.

Lemma read_table_sound : forall t i nodes s last,
  always_sound nodes s last -> table_sound (read_table t i nodes s last).
Proof.
  intros t; induction t as [ | e t IH ]; intros i nodes s last S; simpl.
  - destruct last; [ exact S | exact I ].
  - generalize (fun n cs F => sound_put nodes i n cs s last F S).
    destruct (get None i nodes); [ exact (fun _ => I) | intros H ].
    generalize (fun den G => describe_sound den nodes G i e).
    destruct (describe nodes i e) as [ [n cs] | ]; [ | exact (fun _ => I) ].
    exact (fun D => IH _ _ _ (Some n) (H n cs eq_refl D)).
Qed.

(** *** Unit propagation *)
Definition falsified den (T : theory) (s : set) : Prop :=
  forall l, when (mem l s) (T (deny den l)).

Lemma falsified_add : forall den (T : theory) l s,
  T (deny den l) -> falsified den T s -> falsified den T (add l s).
Proof.
  intros den T l s; exact (put_all _ false true (fun l b => when b (T (deny den l))) l s).
Qed.

Lemma falsified_assume : forall den (T : theory) h s,
  falsified den T s -> falsified den (assume h T) s.
Proof.
  intros den T h s F k; generalize (F k).
  destruct (mem k s); [ exact (weaken T h _) | exact (fun X => X) ].
Qed.

Lemma only_sound : forall den (T : theory) l s c, falsified den T s ->
  T (deny den l) -> T (clash den c) -> when (only l s c) (T Bot).
Proof.
  intros den T l s c F L; induction c as [ | k c IH ]; intros X; [ exact X | simpl ].
  generalize (F k); destruct (mem k s).
  - intros K; exact (IH (drop den T k c X K)).
  - intros _; generalize (pos_eqb_equal k l); destruct (Pos.eqb k l); intros E; [ | exact I ].
    destruct E; exact (IH (drop den T k c X L)).
Qed.

Lemma propagate_sound : forall den (T : theory) s c, falsified den T s ->
  T (clash den c) ->
  match propagate s c with
  | Conflict => T Bot
  | Unit l => T (deny den (flip l))
  | Stuck => True
  end.
Proof.
  intros den T s c F; induction c as [ | l c IH ]; intros X; [ exact X | simpl ].
  generalize (F l); destruct (mem l s); intros L; [ exact (IH (drop den T l c X L)) | ].
  generalize (only_sound den (assume (deny den l) T) l s c
    (falsified_assume den T _ s F) (self T _) X).
  destruct (only l s c); [ exact (reject den T l) | exact (fun X => X) ].
Qed.

Lemma rup_sound : forall den cs, good_clauses den cs -> forall hints (T : theory) s,
  falsified den T s -> when (rup cs s hints) (T Bot).
Proof.
  intros den cs G hints T; induction hints as [ | h hints IH ]; intros s F; [ exact I | simpl ].
  generalize (G h); destruct (get None h cs) as [ c | ]; intros V; [ | exact I ].
  generalize (propagate_sound den T s c F (thm T _ V)).
  destruct (propagate s c) as [ | l | ]; intros X; [ exact X | | exact I ].
  exact (IH _ (falsified_add den T _ s X F)).
Qed.

Lemma rup_clause_sound : forall den cs, good_clauses den cs -> forall hints c (T : theory) s,
  falsified den T s -> when (rup cs (add_all c s) hints) (T (clash den c)).
Proof.
  intros den cs G hints c; induction c as [ | l c IH ]; intros T s F.
  - exact (rup_sound den cs G hints T s F).
  - apply (IH (assume (deny den l) T)), falsified_add; [ exact (self T _) | ].
    exact (falsified_assume den T _ s F).
Qed.

Lemma tautology_sound : forall den c (T : theory) s, falsified den T s ->
  when (tautology c s) (T (clash den c)).
Proof.
  intros den c; induction c as [ | l c IH ]; intros T s F; [ exact I | simpl ].
  set (U := assume (deny den l) T).
  assert (W : when (tautology c (add l s)) (U (clash den c))).
  { apply IH, falsified_add; [ exact (self T _) | exact (falsified_assume den T _ s F) ]. }
  destruct l as [ v | v | ]; [ generalize (F (xO v)) | generalize (F (xI v)) | exact W ].
  - destruct (mem (xO v) s); [ intros N | intros _; exact W ].
    exact (by1 U _ _ (ax_bot _) (absurd U _ (weaken T _ _ N) (self T _))).
  - destruct (mem (xI v) s); [ intros Y | intros _; exact W ].
    exact (by1 U _ _ (ax_bot _) (absurd U _ (self T _) (weaken T _ _ Y))).
Qed.

(** *** Necessitation *)
Lemma modal_rigid : forall den nodes v, agrees nodes den ->
  when (modal nodes v) (rigid (den v)).
Proof.
  intros den nodes v A; unfold modal; generalize (A v).
  destruct (get None v nodes) as [ [ f l | f l x | f l x ] | ]; try exact (fun _ => I).
  - exact (fun E => eq_ind_r rigid (ax_4 f) E).
  - exact (fun E => eq_ind_r rigid (ax_5 f) E).
Qed.

Lemma is_modal_rigid : forall den nodes l, agrees nodes den ->
  when (is_modal nodes l) (rigid (deny den l)).
Proof.
  intros den nodes [ v | v | ] A; [ exact (modal_rigid den nodes v A) | | exact I ].
  simpl; generalize (modal_rigid den nodes v A).
  destruct (modal nodes v); [ exact (rigid_neg (den v)) | exact (fun X => X) ].
Qed.

(** [h]: that the conclusion is false; it contradicts that [x] is true at every
    world, which is what the clause says where the rest is false. *)
Lemma modal_rest_sound : forall den nodes x h, agrees nodes den ->
  Prov (Impl (Box (deny den (flip x))) (Impl h Bot)) ->
  forall c (T : theory), T h -> assume (deny den x) (necessary T) (clash den c) ->
  given (fun r => T (clash den r)) (modal_rest nodes x c).
Proof.
  intros den nodes x h A P c; induction c as [ | l c IH ]; intros T H X.
  - exact (by2 T _ _ _ P (reject den (necessary T) x X) H).
  - simpl; generalize (pos_eqb_equal l x); destruct (Pos.eqb l x); intros E.
    + apply (IH T H), (drop den (assume _ (necessary T)) l c X).
      exact (eq_ind_r (fun y => assume _ (necessary T) (deny den y)) (self _ _) E).
    + generalize (is_modal_rigid den nodes l A).
      destruct (is_modal nodes l); intros R; [ | exact I ].
      set (U := assume (deny den l) T); generalize (IH U (weaken T _ _ H)); clear IH.
      destruct (modal_rest nodes x c) as [ r | ]; intros Y; [ apply Y | exact I ].
      apply (drop den (assume _ (necessary U)) l c); [ exact (weaken T _ _ X) | ].
      exact (weaken (necessary U) _ _ (by1 U _ _ R (self T _))).
Qed.

Lemma conclude_sound : forall den nodes c x l, agrees nodes den -> valid den c ->
  Prov (Impl (Box (deny den (flip x))) (Impl (deny den l) Bot)) ->
  given (valid den) (conclude nodes c x l).
Proof.
  intros den nodes c x l A V P; unfold conclude; set (T := assume (deny den l) theorems).
  generalize (modal_rest_sound den nodes x _ A P c T (self theorems _)
    (thm (assume _ (necessary T)) _ V)).
  destruct (modal_rest nodes x c); exact (fun X => X).
Qed.

Lemma box_contrary : forall den l f x, den l = Box f -> denotes den x f ->
  Prov (Impl (Box (deny den (flip x))) (Impl (Neg (den l)) Bot)).
Proof.
  intros den l f x E D; rewrite E.
  set (T := assume (Box (deny den (flip x))) theorems).
  apply (absurd (assume (Neg (Box f)) T) (Box f) (self T _)), weaken.
  exact (yes D (necessary T) (self theorems _)).
Qed.

Lemma dia_contrary : forall den l f x, den l = Dia f -> denotes den x (Neg f) ->
  Prov (Impl (Box (deny den (flip x))) (Impl (den l) Bot)).
Proof.
  intros den l f x E D; rewrite E.
  set (T := assume (Box (deny den (flip x))) theorems); set (U := assume (Dia f) T).
  apply (absurd U (Box (Neg f)) (by1 U _ _ (ax_dual_l f) (self T _))), weaken.
  exact (yes D (necessary T) (self theorems _)).
Qed.

Lemma necessitate_sound : forall den nodes c i, agrees nodes den -> good_nodes den nodes ->
  valid den c -> given (valid den) (necessitate nodes c i).
Proof.
  intros den nodes c i A G V; unfold necessitate; generalize (A i), (G i).
  destruct (get None i nodes) as [ [ f l | f l x | f l x ] | ]; try exact (fun _ _ => I).
  - exact (fun E N => conclude_sound den nodes c x (xO i) A V
      (box_contrary den i f x E (good_child _ _ N))).
  - exact (fun E N => conclude_sound den nodes c (flip x) (xI i) A V
      (dia_contrary den i f (flip x) E (denotes_flip _ _ _ (good_child _ _ N)))).
Qed.

(** *** The whole certificate *)
Lemma accepted : forall den c b, when b (valid den c) ->
  given (valid den) (if b then Some c else None).
Proof. intros den c []; exact (fun V => V). Qed.

Lemma derive_sound : forall den nodes cs st, agrees nodes den -> good_nodes den nodes ->
  good_clauses den cs -> given (valid den) (derive nodes cs st).
Proof.
  intros den nodes cs st A G C; destruct st as [ c [ | h hints ] | premise i ].
  - exact (accepted den c _ (tautology_sound den c theorems Leaf (fun _ => I))).
  - exact (accepted den c _ (rup_clause_sound den cs C _ c theorems Leaf (fun _ => I))).
  - simpl; generalize (C premise).
    destruct (get None premise cs) as [ c | ]; [ | exact (fun X => X) ].
    exact (necessitate_sound den nodes c i A G).
Qed.

Lemma run_sound : forall den nodes, agrees nodes den -> good_nodes den nodes ->
  forall ss s last, good_clauses den (clauses s) ->
  given (valid den) last -> given (valid den) (run nodes s ss last).
Proof.
  intros den nodes A G ss; induction ss as [ | st ss IH ]; intros s last C L; [ exact L | simpl ].
  generalize (derive_sound den nodes (clauses s) st A G C).
  destruct (derive nodes (clauses s) st) as [ c | ]; intros V; [ | exact I ].
  exact (IH (push s c) (Some c) (push_sound den s c C V) V).
Qed.

Lemma all_equal_sound : forall den (T : theory) l, T (deny den l) ->
  forall c, T (clash den c) -> when (all_equal l c) (T Bot).
Proof.
  intros den T l L c; induction c as [ | k c IH ]; intros X; [ exact X | simpl ].
  generalize (pos_eqb_equal k l); destruct (Pos.eqb k l); intros E; [ | exact I ].
  destruct E; exact (IH (drop den T k c X L)).
Qed.

Lemma check_steps_sound : forall den nodes s root ss, agrees nodes den ->
  sound nodes s (Some root) den -> when (check_steps nodes s root ss) (Prov (meaning root)).
Proof.
  intros den nodes s root ss A [ G C [ D _ ] ]; unfold check_steps.
  generalize (run_sound den nodes A G ss s None C I).
  destruct (run nodes s ss None) as [ c | ]; intros V; [ | exact I ].
  set (T := assume (deny den (lit root)) theorems).
  generalize (all_equal_sound den T _ (self theorems _) c (thm T _ V)).
  destruct (all_equal (lit root) c); [ | exact (fun X => X) ].
  exact (fun X => yes D theorems (reject den theorems _ X)).
Qed.

Definition meanings (nodes : map node) (i : positive) : form :=
  match get None i nodes with Some n => meaning n | None => Bot end.

Lemma meanings_agree : forall nodes, agrees nodes (meanings nodes).
Proof.
  intros nodes i; unfold meanings; destruct (get None i nodes); [ exact eq_refl | exact I ].
Qed.

Lemma check_proof_when : forall f p, when (check_proof f p) (Prov f).
Proof.
  intros f p; unfold check_proof; set (s0 := {| clauses := Leaf; next := 1 |}).
  generalize (read_table_sound (table p) 1 Leaf s0 None (fun den _ =>
    Sound Leaf s0 None den (fun _ => I) (fun _ => I) I)).
  destruct (read_table _ _ _ _ _) as [ [ [nodes s] root ] | ]; [ | exact (fun _ => I) ].
  intros H; generalize (form_eqb_equal (meaning root) f).
  destruct (form_eqb (meaning root) f); [ intros [] | exact (fun _ => I) ].
  exact (check_steps_sound _ nodes s root _ (meanings_agree nodes) (H _ (meanings_agree nodes))).
Qed.

Theorem check_proof_sound : forall f p, check_proof f p = true -> Prov f.
Proof. intros f p; exact (when_true _ _ (check_proof_when f p)). Qed.
