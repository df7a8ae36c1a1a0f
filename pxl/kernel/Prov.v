(** * The PXL Hilbert system

    [Prov f] says that [f] is a theorem of propositional S5: classical
    propositional axioms, K, T, 4, 5, the dualities, modus ponens and
    necessitation. *)

From PXL Require Import Form.

Inductive Prov : form -> Prop :=
(* propositional logic *)
| ax_k : forall a b, Prov (Impl a (Impl b a))
| ax_s : forall a b c, Prov (Impl (Impl a (Impl b c)) (Impl (Impl a b) (Impl a c)))
| ax_bot : forall a, Prov (Impl Bot a)
| ax_dne : forall a, Prov (Impl (Neg (Neg a)) a)
| ax_neg_e : forall a, Prov (Impl (Neg a) (Impl a Bot))
| ax_neg_i : forall a, Prov (Impl (Impl a Bot) (Neg a))
| ax_conj_l : forall a b, Prov (Impl (Conj a b) a)
| ax_conj_r : forall a b, Prov (Impl (Conj a b) b)
| ax_conj_i : forall a b, Prov (Impl a (Impl b (Conj a b)))
| ax_disj_l : forall a b, Prov (Impl a (Disj a b))
| ax_disj_r : forall a b, Prov (Impl b (Disj a b))
| ax_disj_e : forall a b c, Prov (Impl (Impl a c) (Impl (Impl b c) (Impl (Disj a b) c)))
| ax_iff_l : forall a b, Prov (Impl (Iff a b) (Impl a b))
| ax_iff_r : forall a b, Prov (Impl (Iff a b) (Impl b a))
| ax_iff_i : forall a b, Prov (Impl (Impl a b) (Impl (Impl b a) (Iff a b)))
(* modal logic *)
| ax_K : forall a b, Prov (Impl (Box (Impl a b)) (Impl (Box a) (Box b)))
| ax_T : forall a, Prov (Impl (Box a) a)
| ax_4 : forall a, Prov (Impl (Box a) (Box (Box a)))
| ax_5 : forall a, Prov (Impl (Dia a) (Box (Dia a)))
| ax_dual_l : forall a, Prov (Impl (Dia a) (Neg (Box (Neg a))))
| ax_dual_r : forall a, Prov (Impl (Neg (Box (Neg a))) (Dia a))
(* rules *)
| mp : forall a b, Prov (Impl a b) -> Prov a -> Prov b
| nec : forall a, Prov a -> Prov (Box a).
