(** * Certificates of refutation: finite countermodels

    A countermodel lists the true atoms of each world and the successors of each
    world by each relation, and names a world where the goal is false. One that
    passes [check_countermodel] shows that the goal does not follow. *)

From Coq Require Import List PArith Bool.
From PXL Require Import Form Trie.
From PXLModal Require Import Syntax Semantics.
Import ListNotations.

(** [worlds] are numbers; [true_at w] the atoms of world [w]; [edges r w] what it
    sees by relation [r]. *)
Record finite : Type := {
  worlds : list positive;
  true_at : trie set;
  edges : trie (trie set)
}.

(** ** The frame *)
Fixpoint every (ws : list positive) (t : positive -> bool) : bool :=
  match ws with [] => true | w :: ws => if t w then every ws t else false end.

Fixpoint some (ws : list positive) (t : positive -> bool) : bool :=
  match ws with [] => false | w :: ws => if t w then true else some ws t end.

Definition sees (m : finite) (r w u : positive) : bool :=
  mem u (get Leaf w (get Leaf r (edges m))).

(** Every world that [w] sees passes the test. *)
Definition onward (m : finite) (r w : positive) (t : positive -> bool) : bool :=
  every (worlds m) (fun u => if sees m r w u then t u else true).

(** Some world that [w] sees passes the test. *)
Definition glimpse (m : finite) (r w : positive) (t : positive -> bool) : bool :=
  some (worlds m) (fun u => if sees m r w u then t u else false).

Definition is_serial (m : finite) (r : positive) : bool :=
  every (worlds m) (fun w => some (worlds m) (sees m r w)).
Definition is_reflexive (m : finite) (r : positive) : bool :=
  every (worlds m) (fun w => sees m r w w).
Definition is_symmetric (m : finite) (r : positive) : bool :=
  every (worlds m) (fun w => onward m r w (fun u => sees m r u w)).
Definition is_transitive (m : finite) (r : positive) : bool :=
  every (worlds m) (fun w => onward m r w (fun u => onward m r u (sees m r w))).
Definition is_euclidean (m : finite) (r : positive) : bool :=
  every (worlds m) (fun w => onward m r w (fun u => onward m r w (sees m r u))).

Definition in_class (m : finite) (r : positive) (l : logic) : bool :=
  match l with
  | K => true
  | D => is_serial m r
  | T => is_reflexive m r
  | B => if is_reflexive m r then is_symmetric m r else false
  | KB => is_symmetric m r
  | DB => if is_serial m r then is_symmetric m r else false
  | K4 => is_transitive m r
  | D4 => if is_serial m r then is_transitive m r else false
  | S4 => if is_reflexive m r then is_transitive m r else false
  | KB4 => if is_symmetric m r then is_transitive m r else false
  | K5 => is_euclidean m r
  | D5 => if is_serial m r then is_euclidean m r else false
  | K45 => if is_transitive m r then is_euclidean m r else false
  | KD45 => if is_serial m r then if is_transitive m r then is_euclidean m r else false else false
  | S5 => if is_reflexive m r then if is_symmetric m r then is_transitive m r else false else false
  end.

Fixpoint for_all {A} (t : A -> bool) (l : list A) : bool :=
  match l with [] => true | x :: l => if t x then for_all t l else false end.

Definition in_frame (S : setting) (m : finite) : bool :=
  if for_all (fun x => in_class m (fst x) (snd x)) (logics S) then
    if for_all (fun x => every (worlds m) (fun w =>
        onward m (fst x) w (sees m (snd x) w))) (included S) then
      for_all (fun x => every (worlds m) (fun w =>
        onward m (fst x) w (fun u => sees m (snd x) u w))) (converse S)
    else false
  else false.

(** ** Truth

    One set of worlds for each node of the formula: a recursion that asks for one
    world at a time costs a power of the number of worlds. *)
Fixpoint collect (ws : list positive) (t : positive -> bool) (s : set) : set :=
  match ws with
  | [] => s
  | w :: ws => collect ws t (if t w then add w s else s)
  end.

Fixpoint truth (m : finite) (f : mform) : set :=
  match f with
  | Atom p => collect (worlds m) (fun w => mem p (get Leaf w (true_at m))) Leaf
  | Bot => Leaf
  | Neg a => let a := truth m a in
      collect (worlds m) (fun w => negb (mem w a)) Leaf
  | Conj a b => let a := truth m a in let b := truth m b in
      collect (worlds m) (fun w => if mem w a then mem w b else false) Leaf
  | Disj a b => let a := truth m a in let b := truth m b in
      collect (worlds m) (fun w => if mem w a then true else mem w b) Leaf
  | Impl a b => let a := truth m a in let b := truth m b in
      collect (worlds m) (fun w => if mem w a then mem w b else true) Leaf
  | Iff a b => let a := truth m a in let b := truth m b in
      collect (worlds m) (fun w => if mem w a then mem w b else negb (mem w b)) Leaf
  | Box r a => let a := truth m a in
      collect (worlds m) (fun w => onward m r w (fun u => mem u a)) Leaf
  | Dia r a => let a := truth m a in
      collect (worlds m) (fun w => glimpse m r w (fun u => mem u a)) Leaf
  end.

(** ** The checker *)
Definition is_world (m : finite) (w : positive) : bool := some (worlds m) (Pos.eqb w).

Definition check_countermodel (S : setting) (global local : list mform) (f : mform)
    (m : finite) (w : positive) : bool :=
  if is_world m w then
    if in_frame S m then
      if for_all (fun g => let g := truth m g in every (worlds m) (fun u => mem u g)) global then
        if for_all (fun d => mem w (truth m d)) local then
          negb (mem w (truth m f))
        else false
      else false
    else false
  else false.

(** ** Soundness

    What a certificate describes is a model, in which truth can be computed. *)
Definition world_of (m : finite) : Type := {w : positive | is_world m w = true}.

Definition model_of (m : finite) : model := {|
  world := world_of m;
  access r w u := sees m r (proj1_sig w) (proj1_sig u) = true;
  holds w p := mem p (get Leaf (proj1_sig w) (true_at m)) = true
|}.

Lemma both : forall b c : bool, (if b then c else false) = true -> b = true /\ c = true.
Proof. intros [ ] c E; [ exact (conj eq_refl E) | discriminate E ]. Qed.

Lemma every_true : forall ws t, every ws t = true ->
  forall w, some ws (Pos.eqb w) = true -> t w = true.
Proof.
  intros ws t; induction ws as [ | v ws IH ]; intros E w W; [ discriminate W | ].
  destruct (both (t v) (every ws t) E) as [ X Y ]; revert W; simpl.
  generalize (pos_eqb_equal w v).
  destruct (Pos.eqb w v); [ intros -> _; exact X | intros _; exact (IH Y w) ].
Qed.

Lemma some_true : forall ws t, some ws t = true ->
  exists w, some ws (Pos.eqb w) = true /\ t w = true.
Proof.
  intros ws t; induction ws as [ | v ws IH ]; intros E; [ discriminate E | revert E; simpl ].
  destruct (t v) eqn:T.
  - intros _; exists v; rewrite Pos.eqb_refl; exact (conj eq_refl T).
  - intros E; destruct (IH E) as (w & W & X); exists w; rewrite W.
    destruct (Pos.eqb w v); exact (conj eq_refl X).
Qed.

Lemma onward_true : forall m r w t, onward m r w t = true ->
  forall u, is_world m u = true -> sees m r w u = true -> t u = true.
Proof.
  intros m r w t E u U; generalize (every_true _ _ E u U).
  destruct (sees m r w u); [ exact (fun X _ => X) | discriminate ].
Qed.

(** *** The frame *)
Lemma serial_true : forall m r, is_serial m r = true -> serial (access (model_of m) r).
Proof.
  intros m r E [w W]; destruct (some_true _ _ (every_true _ _ E w W)) as (u & U & X).
  exact (ex_intro _ (exist _ u U) X).
Qed.

Lemma reflexive_true : forall m r, is_reflexive m r = true -> reflexive (access (model_of m) r).
Proof. exact (fun m r E '(exist _ w W) => every_true _ _ E w W). Qed.

Lemma symmetric_true : forall m r, is_symmetric m r = true -> symmetric (access (model_of m) r).
Proof.
  intros m r E [w W] [u U]; exact (onward_true m r w _ (every_true _ _ E w W) u U).
Qed.

Lemma transitive_true : forall m r, is_transitive m r = true ->
  transitive (access (model_of m) r).
Proof.
  intros m r E [w W] [u U] [v V] P.
  exact (onward_true m r u _ (onward_true m r w _ (every_true _ _ E w W) u U P) v V).
Qed.

Lemma euclidean_true : forall m r, is_euclidean m r = true -> euclidean (access (model_of m) r).
Proof.
  intros m r E [w W] [u U] [v V] P.
  exact (onward_true m r w _ (onward_true m r w _ (every_true _ _ E w W) u U P) v V).
Qed.

Lemma both_true : forall (b c : bool) (P Q : Prop), (b = true -> P) -> (c = true -> Q) ->
  (if b then c else false) = true -> P /\ Q.
Proof.
  intros b c P Q X Y E; destruct (both b c E) as [ H J ]; exact (conj (X H) (Y J)).
Qed.

Lemma class_true : forall m r l, in_class m r l = true -> class l (access (model_of m) r).
Proof.
  intros m r; pose proof (serial_true m r) as d; pose proof (reflexive_true m r) as t.
  pose proof (symmetric_true m r) as b; pose proof (transitive_true m r) as f.
  pose proof (euclidean_true m r) as e; intros [ ].
  - exact (fun _ => I).
  - exact d.
  - exact t.
  - exact (both_true _ _ _ _ t b).
  - exact b.
  - exact (both_true _ _ _ _ d b).
  - exact f.
  - exact (both_true _ _ _ _ d f).
  - exact (both_true _ _ _ _ t f).
  - exact (both_true _ _ _ _ b f).
  - exact e.
  - exact (both_true _ _ _ _ d e).
  - exact (both_true _ _ _ _ f e).
  - exact (both_true _ _ _ _ d (both_true _ _ _ _ f e)).
  - exact (both_true _ _ _ _ t (both_true _ _ _ _ b f)).
Qed.

Lemma for_all_true : forall A (t : A -> bool) l, for_all t l = true ->
  forall x, In x l -> t x = true.
Proof.
  intros A t l; induction l as [ | y l IH ]; intros E x; [ intros [] | ].
  destruct (both (t y) (for_all t l) E) as [ T L ].
  intros [ <- | J ]; [ exact T | exact (IH L x J) ].
Qed.

Lemma frame_true : forall S m, in_frame S m = true -> frame S (model_of m).
Proof.
  intros S m E; destruct (both _ _ E) as [ L F ]; destruct (both _ _ F) as [ N C ]; split.
  - exact (fun r l J => class_true m r l (for_all_true _ _ _ L (r, l) J)).
  - intros r s J [w W] [u U].
    exact (onward_true m r w _ (every_true _ _ (for_all_true _ _ _ N (r, s) J) w W) u U).
  - intros r s J [w W] [u U].
    exact (onward_true m r w _ (every_true _ _ (for_all_true _ _ _ C (r, s) J) w W) u U).
Qed.

(** *** Truth

    [is b P]: the boolean [b] says whether [P]. *)
Definition is (b : bool) (P : Prop) : Prop := if b then P else ~ P.

Lemma collect_some : forall w t ws s,
  mem w (collect ws t s) = if t w then if some ws (Pos.eqb w) then true else mem w s else mem w s.
Proof.
  intros w t ws; induction ws as [ | v ws IH ]; intros s; simpl.
  { destruct (t w); exact eq_refl. }
  rewrite IH; generalize (pos_eqb_equal w v); destruct (Pos.eqb w v) eqn:E.
  - intros H; change (w = v) in H; subst v; destruct (t w); [ | exact eq_refl ].
    unfold mem, add; rewrite get_put_same; destruct (some ws _); exact eq_refl.
  - intros _; rewrite Pos.eqb_sym in E.
    assert (X : mem w (if t v then add v s else s) = mem w s); [ | rewrite X; exact eq_refl ].
    destruct (t v); [ unfold mem, add; rewrite get_put, E | ]; exact eq_refl.
Qed.

Lemma collected : forall m t (w : world_of m) P, is (t (proj1_sig w)) P ->
  is (mem (proj1_sig w) (collect (worlds m) t Leaf)) P.
Proof.
  intros m t [w W] P; simpl; rewrite collect_some; unfold is_world in W; rewrite W.
  destruct (t w); exact (fun X => X).
Qed.

Lemma every_false : forall ws t, every ws t = false ->
  exists w, some ws (Pos.eqb w) = true /\ t w = false.
Proof.
  intros ws t; induction ws as [ | v ws IH ]; intros E; [ discriminate E | revert E; simpl ].
  destruct (t v) eqn:T.
  - intros E; destruct (IH E) as (w & W & X); exists w; rewrite W.
    destruct (Pos.eqb w v); exact (conj eq_refl X).
  - intros _; exists v; rewrite Pos.eqb_refl; exact (conj eq_refl T).
Qed.

Lemma some_false : forall ws t, some ws t = false ->
  forall w, some ws (Pos.eqb w) = true -> t w = false.
Proof.
  intros ws t; induction ws as [ | v ws IH ]; intros E w W; [ discriminate W | ].
  revert E W; simpl; destruct (t v) eqn:T; [ discriminate | intros E ].
  generalize (pos_eqb_equal w v).
  destruct (Pos.eqb w v); [ intros -> _; exact T | intros _; exact (IH E w) ].
Qed.

Lemma is_onward : forall m r w t (P : world_of m -> Prop),
  (forall u, is (t (proj1_sig u)) (P u)) ->
  is (onward m r w t) (forall u : world_of m, sees m r w (proj1_sig u) = true -> P u).
Proof.
  intros m r w t P H; destruct (onward m r w t) eqn:E.
  - intros [u U] R; generalize (H (exist _ u U)); simpl; rewrite (onward_true m r w t E u U R).
    exact (fun X => X).
  - destruct (every_false _ _ E) as (u & U & X); revert X; generalize (H (exist _ u U)); simpl.
    destruct (sees m r w u) eqn:R; [ intros N X Z | discriminate ].
    rewrite X in N; exact (N (Z (exist _ u U) R)).
Qed.

Lemma is_glimpse : forall m r w t (P : world_of m -> Prop),
  (forall u, is (t (proj1_sig u)) (P u)) ->
  is (glimpse m r w t) (exists u : world_of m, sees m r w (proj1_sig u) = true /\ P u).
Proof.
  intros m r w t P H; destruct (glimpse m r w t) eqn:E.
  - destruct (some_true _ _ E) as (u & U & X); revert X; generalize (H (exist _ u U)); simpl.
    destruct (sees m r w u) eqn:R; [ intros N X | discriminate ].
    rewrite X in N; exact (ex_intro _ (exist _ u U) (conj R N)).
  - intros ([u U] & R & X); generalize (some_false _ _ E u U), (H (exist _ u U)); simpl in R |- *.
    rewrite R; intros ->; exact (fun N => N X).
Qed.

Lemma is_neg : forall b P, is b P -> is (negb b) (~ P).
Proof. intros [ ] P; [ exact (fun X N => N X) | exact (fun X => X) ]. Qed.

Lemma is_conj : forall b c P Q, is b P -> is c Q -> is (if b then c else false) (P /\ Q).
Proof.
  intros [ ] [ ] P Q; [ exact (@conj P Q) | exact (fun _ X Y => X (proj2 Y)) | .. ];
    exact (fun X _ Y => X (proj1 Y)).
Qed.

Lemma is_disj : forall b c P Q, is b P -> is c Q -> is (if b then true else c) (P \/ Q).
Proof.
  intros [ ] [ ] P Q; [ exact (fun X _ => or_introl X) | exact (fun X _ => or_introl X) | .. ].
  - exact (fun _ X => or_intror X).
  - exact (fun X Y => or_ind X Y).
Qed.

Lemma is_impl : forall b c P Q : _, is b P -> is c Q -> is (if b then c else true) (P -> Q).
Proof.
  intros [ ] [ ] P Q; [ exact (fun _ X _ => X) | exact (fun X Y Z => Y (Z X)) | .. ];
    exact (fun X _ Y => False_ind _ (X Y)).
Qed.

Lemma is_iff : forall b c P Q, is b P -> is c Q -> is (if b then c else negb c) (P <-> Q).
Proof.
  intros [ ] [ ] P Q.
  - exact (fun X Y => conj (fun _ => Y) (fun _ => X)).
  - exact (fun X Y Z => Y (proj1 Z X)).
  - exact (fun X Y Z => X (proj2 Z Y)).
  - exact (fun X Y => conj (fun Z => False_ind _ (X Z)) (fun Z => False_ind _ (Y Z))).
Qed.

Lemma is_true : forall b : bool, is b (b = true).
Proof. intros [ ]; [ exact eq_refl | discriminate ]. Qed.

Lemma is_truth : forall m f (w : world_of m),
  is (mem (proj1_sig w) (truth m f)) (sat (model_of m) w f).
Proof.
  intros m f; induction f as [ p | | f IH | f IHf g IHg | f IHf g IHg
                             | f IHf g IHg | f IHf g IHg | r f IH | r f IH ]; intros w.
  - exact (collected m _ w _ (is_true _)).
  - exact (fun X => X).
  - exact (collected m (fun v => negb (mem v (truth m f))) w _ (is_neg _ _ (IH w))).
  - exact (collected m (fun v => if mem v (truth m f) then mem v (truth m g) else false) w _
      (is_conj _ _ _ _ (IHf w) (IHg w))).
  - exact (collected m (fun v => if mem v (truth m f) then true else mem v (truth m g)) w _
      (is_disj _ _ _ _ (IHf w) (IHg w))).
  - exact (collected m (fun v => if mem v (truth m f) then mem v (truth m g) else true) w _
      (is_impl _ _ _ _ (IHf w) (IHg w))).
  - exact (collected m
      (fun v => if mem v (truth m f) then mem v (truth m g) else negb (mem v (truth m g))) w _
      (is_iff _ _ _ _ (IHf w) (IHg w))).
  - exact (collected m (fun v => onward m r v (fun u => mem u (truth m f))) w _
      (is_onward m r _ _ _ IH)).
  - exact (collected m (fun v => glimpse m r v (fun u => mem u (truth m f))) w _
      (is_glimpse m r _ _ _ IH)).
Qed.

Lemma decided_model : forall m, decided (model_of m).
Proof.
  intros m w f; generalize (is_truth m f w); destruct (mem _ _); [ exact (@or_introl _ _) | ].
  exact (@or_intror _ _).
Qed.

Lemma sat_true : forall m f w, mem (proj1_sig w) (truth m f) = true -> sat (model_of m) w f.
Proof. intros m f w E; generalize (is_truth m f w); rewrite E; exact (fun X => X). Qed.

(** What an accepted certificate shows. *)
Definition Refutes (S : setting) (global local : list mform) (f : mform) (m : finite) : Prop :=
  decided (model_of m) /\ frame S (model_of m)
  /\ (forall g, In g global -> forall w, sat (model_of m) w g)
  /\ exists w, (forall d, In d local -> sat (model_of m) w d) /\ ~ sat (model_of m) w f.

Theorem check_countermodel_model : forall S global local f m w,
  check_countermodel S global local f m w = true -> Refutes S global local f m.
Proof.
  intros S global local f m w E; destruct (both _ _ E) as [ W X ].
  destruct (both _ _ X) as [ F Y ]; destruct (both _ _ Y) as [ G Z ].
  destruct (both _ _ Z) as [ L N ].
  refine (conj (decided_model m) (conj (frame_true S m F) (conj _ _))).
  - exact (fun g J u => sat_true m g u
      (every_true _ _ (for_all_true _ _ _ G g J) (proj1_sig u) (proj2_sig u))).
  - exists (exist _ w W); split.
    { exact (fun d J => sat_true m d (exist _ w W) (for_all_true _ _ _ L d J)). }
    generalize (is_truth m f (exist _ w W)); change (proj1_sig (exist _ w W)) with w.
    destruct (mem w (truth m f)); [ discriminate N | exact (fun H => H) ].
Qed.

Theorem check_countermodel_sound : forall S global local f m w,
  check_countermodel S global local f m w = true -> ~ Entails S global local f.
Proof.
  intros S global local f m w E H.
  destruct (check_countermodel_model _ _ _ _ _ _ E) as (D & F & G & u & L & N).
  exact (N (H _ D F G u L)).
Qed.
