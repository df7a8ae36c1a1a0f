(** * Completeness of the Hilbert system

    What is true in all finite universal models is a theorem of S5, and each
    formula is either a theorem or false in one of finitely many models, listed
    here. Constructive: no axiom, no choice. *)

From Coq Require Import List PArith Bool.
From PXL Require Import Form Prov Semantics Derive Soundness.
Import ListNotations.

(** ** Descriptions

    The idea is Kalmár's, with one more layer. A world is described by literals,
    one for each atom; a cluster of worlds by saying of each world whether it is
    possible. The description of a cluster is rigid, and with a world of that
    cluster it settles every formula the way evaluation does. What all
    descriptions settle as true is proved by cases.

    [signings gs] lists the ways to affirm or deny each formula of [gs]. *)
Fixpoint signings (gs : list form) : list (list form) :=
  match gs with
  | [] => [[]]
  | g :: gs => map (cons g) (signings gs) ++ map (cons (Neg g)) (signings gs)
  end.

Definition mentions (l : list form) (f : form) : bool := existsb (form_eqb f) l.

Lemma mentions_true : forall l f, mentions l f = true <-> In f l.
Proof.
  intros l f; unfold mentions; rewrite existsb_exists; split.
  - intros (g & I & E); apply form_eqb_true in E; congruence.
  - intros I; exists f; split; [ exact I | apply form_eqb_true; reflexivity ].
Qed.

Lemma signings_either : forall gs l g,
  In l (signings gs) -> In g gs -> mentions l g = false -> In (Neg g) l.
Proof.
  intros gs l g L G E.
  assert (N : ~ In g l) by (rewrite <- mentions_true; congruence); clear E.
  revert l L N; induction gs as [ | h gs IH ]; [ destruct G | ].
  intros l L N; simpl in L; rewrite in_app_iff, !in_map_iff in L.
  destruct L as [ (k & <- & K) | (k & <- & K) ]; destruct G as [ -> | G ].
  - destruct N; left; reflexivity.
  - right; apply (IH G k K); intros I; apply N; right; exact I.
  - left; reflexivity.
  - right; apply (IH G k K); intros I; apply N; right; exact I.
Qed.

Lemma signings_shape : forall gs l f, In l (signings gs) -> In f l ->
  exists g, In g gs /\ (f = g \/ f = Neg g).
Proof.
  intros gs; induction gs as [ | g gs IH ]; intros l f L F; simpl in L.
  - destruct L as [ <- | [] ]; destruct F.
  - rewrite in_app_iff, !in_map_iff in L.
    destruct L as [ (k & <- & K) | (k & <- & K) ]; destruct F as [ <- | F ].
    + exists g; split; [ left | left ]; reflexivity.
    + destruct (IH k f K F) as (h & H & E); exists h; split; [ right; exact H | exact E ].
    + exists g; split; [ left | right ]; reflexivity.
    + destruct (IH k f K F) as (h & H & E); exists h; split; [ right; exact H | exact E ].
Qed.

(** What follows from every signing follows. *)
Lemma signings_cases : forall gs G f,
  (forall l, In l (signings gs) -> Derives (l ++ G) f) -> Derives G f.
Proof.
  intros gs; induction gs as [ | g gs IH ]; intros G f C.
  - exact (C [] (or_introl eq_refl)).
  - assert (M : forall h l, In (h :: l) (signings (g :: gs)) -> Derives (l ++ h :: G) f).
    { intros h l I; apply (derives_weaken ((h :: l) ++ G)); [ | exact (C _ I) ].
      intros k; simpl; rewrite !in_app_iff; simpl; tauto. }
    apply (by_cases _ g); apply IH; intros l L; apply M; simpl;
      rewrite in_app_iff, !in_map_iff; [ left | right ]; exists l; auto.
Qed.

(** ** Worlds and clusters

    [ps] lists the atoms that count. *)
Fixpoint atoms (f : form) : list positive :=
  match f with
  | Atom p => [p]
  | Bot => []
  | Neg a | Box a | Dia a => atoms a
  | Conj a b | Disj a b | Impl a b | Iff a b => atoms a ++ atoms b
  end.

Definition worlds (ps : list positive) : list (list form) := signings (map Atom ps).

Definition possible (w : list form) : form := Dia (conj_all w).

Definition clusters (ps : list positive) : list (list form) :=
  signings (map possible (worlds ps)).

Definition members (ps : list positive) (c : list form) : list (list form) :=
  filter (fun w => mentions c (possible w)) (worlds ps).

Definition valuation_of (w : list form) : valuation := fun p => mentions w (Atom p).

Definition model_of (ps : list positive) (c : list form) : list valuation :=
  map valuation_of (members ps c).

Lemma members_iff : forall ps c w,
  In w (members ps c) <-> In w (worlds ps) /\ In (possible w) c.
Proof. intros ps c w; unfold members; rewrite filter_In, mentions_true; reflexivity. Qed.

Lemma cluster_rigid : forall ps c f, In c (clusters ps) -> In f c -> rigid f.
Proof.
  intros ps c f C F; destruct (signings_shape _ _ _ C F) as (g & G & E).
  apply in_map_iff in G; destruct G as (w & <- & _).
  destruct E as [ -> | -> ]; [ apply rigid_dia | apply rigid_neg_dia ].
Qed.

(** A world outside the cluster contradicts it, so a proof in a cluster may be
    a proof at each of its members. *)
Lemma member_cases : forall ps c f, In c (clusters ps) ->
  (forall w, In w (members ps c) -> Derives (w ++ c) f) -> Derives c f.
Proof.
  intros ps c f C H; apply (signings_cases (map Atom ps)); intros w W.
  destruct (mentions c (possible w)) eqn:E.
  - apply H, members_iff; split; [ exact W | apply mentions_true, E ].
  - apply (absurd _ (possible w)).
    + apply by_hyp, in_or_app; right.
      exact (signings_either _ _ _ C (in_map _ _ _ W) E).
    + apply dia_intro, conj_all_intro, incl_appl, incl_refl.
Qed.

Lemma box_true : forall ps c a, In c (clusters ps) ->
  (forall w, In w (members ps c) -> Derives (w ++ c) a) -> Derives c (Box a).
Proof.
  intros ps c a C H; apply necessitation; [ | exact (member_cases ps c a C H) ].
  intros g; apply (cluster_rigid ps c), C.
Qed.

Lemma box_false : forall ps c w a, In c (clusters ps) -> In w (members ps c) ->
  Derives (w ++ c) (Neg a) -> Derives c (Neg (Box a)).
Proof.
  intros ps c w a C W N; apply members_iff in W; destruct W as [ _ W ].
  apply (refute _ _ (Neg (possible w))); [ | apply neg_neg, by_hyp, W ].
  apply box_neg_dia, necessitation.
  - intros g [ <- | I ]; [ apply rigid_box | exact (cluster_rigid ps c g C I) ].
  - apply neg_intro, (absurd _ a).
    + apply (derives_cut (w ++ c)); [ | exact N ].
      intros g I; apply in_app_or in I; destruct I as [ I | I ].
      * exact (conj_all_elim _ w g (derives_head _ _) I).
      * apply by_hyp; right; right; exact I.
    + apply (derives_by _ _ _ (ax_T a)), by_hyp; right; left; reflexivity.
Qed.

Lemma forallb_false : forall (A : Type) (t : A -> bool) l,
  forallb t l = false -> exists x, In x l /\ t x = false.
Proof.
  intros A t l; induction l as [ | x l IH ]; simpl; [ discriminate | ].
  rewrite andb_false_iff; intros [ E | E ].
  - exists x; auto.
  - destruct (IH E) as (y & Y & F); exists y; auto.
Qed.

Definition signed (b : bool) (f : form) : form := if b then f else Neg f.

(** ** Kalmár's lemma in a cluster

    A cluster and one of its members derive each formula or its negation, as
    evaluation says. *)
Lemma kalmar : forall ps f, incl (atoms f) ps ->
  forall c, In c (clusters ps) -> forall w, In w (members ps c) ->
  Derives (w ++ c) (signed (eval (model_of ps c) (valuation_of w) f) f).
Proof.
  intros ps f I c C; revert I.
  assert (T : forall w f, Derives c f -> Derives (w ++ c) f).
  { intros w g; apply derives_weaken, incl_appr, incl_refl. }
  induction f as [ p | | f IH | f IHf g IHg | f IHf g IHg
                 | f IHf g IHg | f IHf g IHg | f IH | f IH ]; simpl; intros I w W.
  - destruct (valuation_of w p) eqn:E; apply by_hyp, in_or_app; left.
    + apply mentions_true, E.
    + apply members_iff in W; destruct W as [ W _ ].
      refine (signings_either _ _ _ W (in_map _ _ _ (I p _)) E); left; reflexivity.
  - apply neg_intro, derives_head.
  - specialize (IH I w W); destruct (eval _ _ f); simpl in *;
      [ apply neg_neg, IH | exact IH ].
  - apply incl_app_inv in I; destruct I as [ I J ].
    specialize (IHf I w W); specialize (IHg J w W).
    destruct (eval _ _ f); simpl in *; [ destruct (eval _ _ g); simpl in * | ].
    + exact (derives_by2 _ _ _ _ (ax_conj_i f g) IHf IHg).
    + refine (refute _ _ _ _ IHg).
      apply (derives_by _ _ _ (ax_conj_r f g)), derives_head.
    + refine (refute _ _ _ _ IHf).
      apply (derives_by _ _ _ (ax_conj_l f g)), derives_head.
  - apply incl_app_inv in I; destruct I as [ I J ].
    specialize (IHf I w W); specialize (IHg J w W).
    destruct (eval _ _ f); simpl in *; [ | destruct (eval _ _ g); simpl in * ].
    + exact (derives_by _ _ _ (ax_disj_l f g) IHf).
    + exact (derives_by _ _ _ (ax_disj_r f g) IHg).
    + refine (refute _ _ f _ IHf); refine (by_mp _ _ _ _ (derives_head _ (Disj f g))).
      refine (derives_by2 _ _ _ _ (ax_disj_e f g f) _ _); apply deduction.
      * apply derives_head.
      * apply (absurd _ g); [ do 2 apply derives_tail; exact IHg | apply derives_head ].
  - apply incl_app_inv in I; destruct I as [ I J ].
    specialize (IHf I w W); specialize (IHg J w W).
    destruct (eval _ _ f); simpl in *; [ destruct (eval _ _ g); simpl in * | ].
    + apply deduction, derives_tail, IHg.
    + refine (refute _ _ g _ IHg).
      exact (by_mp _ _ _ (derives_head _ _) (derives_tail _ _ _ IHf)).
    + apply deduction, (absurd _ f); [ apply derives_tail, IHf | apply derives_head ].
  - apply incl_app_inv in I; destruct I as [ I J ].
    specialize (IHf I w W); specialize (IHg J w W).
    destruct (eval _ _ f), (eval _ _ g); simpl in *.
    + refine (derives_by2 _ _ _ _ (ax_iff_i f g) _ _); apply deduction, derives_tail;
        assumption.
    + refine (refute _ _ g _ IHg); apply (by_mp _ f); [ | apply derives_tail, IHf ].
      apply (derives_by _ _ _ (ax_iff_l f g)), derives_head.
    + refine (refute _ _ f _ IHf); apply (by_mp _ g); [ | apply derives_tail, IHg ].
      apply (derives_by _ _ _ (ax_iff_r f g)), derives_head.
    + refine (derives_by2 _ _ _ _ (ax_iff_i f g) _ _); apply deduction.
      * apply (absurd _ f); [ apply derives_tail, IHf | apply derives_head ].
      * apply (absurd _ g); [ apply derives_tail, IHg | apply derives_head ].
  - apply T; destruct (forallb _ _) eqn:E; simpl.
    + apply (box_true ps c f C); intros u U; specialize (IH I u U).
      rewrite forallb_forall in E; rewrite (E _ (in_map _ _ _ U)) in IH; exact IH.
    + apply forallb_false in E; destruct E as (v & V & E); apply in_map_iff in V.
      destruct V as (u & <- & U); specialize (IH I u U); rewrite E in IH.
      exact (box_false ps c u f C U IH).
  - apply T; destruct (existsb _ _) eqn:E; simpl.
    + apply existsb_exists in E; destruct E as (v & V & E); apply in_map_iff in V.
      destruct V as (u & <- & U); specialize (IH I u U); rewrite E in IH.
      apply (derives_by _ _ _ (ax_dual_r f)), (box_false ps c u _ C U), neg_neg, IH.
    + apply box_neg_dia, (box_true ps c _ C); intros u U; specialize (IH I u U).
      destruct (eval _ _ f) eqn:B; [ | exact IH ].
      rewrite <- not_true_iff_false, existsb_exists in E; destruct E.
      exists (valuation_of u); split; [ apply in_map, U | exact B ].
Qed.

(** ** The decision

    [candidates f] lists the finitely many models that matter to [f], each with
    one of its worlds; [find_countermodel] returns the first one that makes [f]
    false. There are doubly exponentially many, so this is a proof, not a
    program to run: the checkers judge certificates instead. *)
Definition candidates (f : form) : list (list valuation * valuation) :=
  flat_map (fun c => map (pair (model_of (atoms f) c)) (model_of (atoms f) c))
    (clusters (atoms f)).

Definition find_countermodel (f : form) : option (list valuation * valuation) :=
  find (fun mv => negb (eval (fst mv) (snd mv) f)) (candidates f).

Lemma find_countermodel_some : forall f m v,
  find_countermodel f = Some (m, v) -> In v m /\ eval m v f = false.
Proof.
  intros f m v E; apply find_some in E; destruct E as [ I E ].
  apply negb_true_iff in E; split; [ | exact E ].
  apply in_flat_map in I; destruct I as (c & _ & I); apply in_map_iff in I.
  destruct I as (u & F & U); injection F as <- <-; exact U.
Qed.

Lemma find_countermodel_none : forall f, find_countermodel f = None -> Prov f.
Proof.
  intros f E; apply derives_nil.
  apply (signings_cases (map possible (worlds (atoms f)))); intros c C.
  rewrite app_nil_r; apply (member_cases (atoms f) c f C); intros w W.
  assert (K := kalmar (atoms f) f (incl_refl _) c C w W).
  replace (eval (model_of (atoms f) c) (valuation_of w) f) with true in K; [ exact K | ].
  symmetry; apply negb_false_iff.
  apply (find_none _ _ E (model_of (atoms f) c, valuation_of w)), in_flat_map.
  exists c; split; [ exact C | apply in_map, in_map, W ].
Qed.

(** ** Completeness

    No candidate refutes a valid formula, and a formula that no candidate
    refutes is a theorem. *)
Theorem completeness : forall f, valid f -> Prov f.
Proof.
  intros f V; apply find_countermodel_none.
  destruct (find_countermodel f) as [ [ m v ] | ] eqn:E; [ | reflexivity ].
  apply find_countermodel_some in E; destruct E as [ I E ].
  specialize (V m v I); congruence.
Qed.

(** Provability is decidable: by soundness, a formula with a countermodel is no
    theorem. *)
Theorem prov_dec : forall f, {Prov f} + {~ Prov f}.
Proof.
  intros f; destruct (find_countermodel f) as [ [ m v ] | ] eqn:E;
    [ right; intros P | left; exact (find_countermodel_none f E) ].
  apply find_countermodel_some in E; destruct E as [ I E ].
  assert (V := soundness_finite f P m v I); congruence.
Qed.

(** What is no theorem has a finite countermodel. *)
Theorem countermodel_exists : forall f,
  ~ Prov f -> exists m v, In v m /\ eval m v f = false.
Proof.
  intros f N; destruct (find_countermodel f) as [ [ m v ] | ] eqn:E.
  - exists m, v; exact (find_countermodel_some f m v E).
  - destruct (N (find_countermodel_none f E)).
Qed.
