"""Laws of linear time after Manna and Pnueli (The Temporal Logic of Reactive and Concurrent Systems, 1992, and Temporal
Verification of Reactive Systems: Safety, 1995), and formulas that look like laws.

Each goes with where it is valid: over infinite time, over finite time, or both; ``ALWAYS`` at every time, ``START`` at
time 0. X is strong, and Z the weak counterpart of Y; MP write weak X nowhere, for their time has no end.
"""

BOTH, INFINITE, FINITE, NEVER = "both", "infinite", "finite", "never"

ALWAYS = (
    # duality
    ("~F p <-> G ~p", BOTH), ("~G p <-> F ~p", BOTH), ("~X p <-> X ~p", INFINITE),
    ("~(p U q) <-> ~p R ~q", BOTH), ("~(p R q) <-> ~p U ~q", BOTH), ("~(p W q) <-> (~q) U (~p /\\ ~q)", BOTH),
    ("~(p U q) <-> (~q) W (~p /\\ ~q)", BOTH), ("~(p W q) <-> ~p M ~q", BOTH), ("~(p M q) <-> ~p W ~q", BOTH),
    ("~P p <-> H ~p", BOTH), ("~H p <-> P ~p", BOTH), ("~Y p <-> Z ~p", BOTH), ("~Z p <-> Y ~p", BOTH),
    ("~(p S q) <-> ~p T ~q", BOTH), ("~BOX p <-> DIA ~p", BOTH),
    # reflexivity
    ("G p -> p", BOTH), ("p -> F p", BOTH), ("H p -> p", BOTH), ("p -> P p", BOTH), ("q -> p U q", BOTH),
    ("q -> p S q", BOTH), ("BOX p -> G p", BOTH), ("BOX p -> H p", BOTH), ("F p -> DIA p", BOTH),
    ("P p -> DIA p", BOTH),
    ("G p -> X p", INFINITE), ("X p -> F p", BOTH), ("Y p -> P p", BOTH), ("H p -> Z p", BOTH), ("Y p -> Z p", BOTH),
    # expansion
    ("G p <-> p /\\ X G p", INFINITE), ("G p <-> p /\\ ~X ~G p", BOTH), ("F p <-> p \\/ X F p", BOTH),
    ("p U q <-> q \\/ (p /\\ X(p U q))", BOTH), ("p W q <-> q \\/ (p /\\ X(p W q))", INFINITE),
    ("p R q <-> q /\\ (p \\/ X(p R q))", INFINITE), ("p M q <-> q /\\ (p \\/ X(p M q))", BOTH),
    ("H p <-> p /\\ Z H p", BOTH), ("P p <-> p \\/ Y P p", BOTH), ("p S q <-> q \\/ (p /\\ Y(p S q))", BOTH),
    ("p T q <-> q /\\ (p \\/ Z(p T q))", BOTH), ("BOX p <-> H p /\\ G p", BOTH), ("DIA p <-> P p \\/ F p", BOTH),
    # idempotence and absorption
    ("G G p <-> G p", BOTH), ("F F p <-> F p", BOTH), ("H H p <-> H p", BOTH), ("P P p <-> P p", BOTH),
    ("p U (p U q) <-> p U q", BOTH), ("(p U q) U q <-> p U q", BOTH), ("p W (p W q) <-> p W q", BOTH),
    ("(p W q) W q <-> p W q", BOTH), ("p S (p S q) <-> p S q", BOTH), ("(p S q) S q <-> p S q", BOTH),
    ("F G F p <-> G F p", BOTH), ("G F G p <-> F G p", BOTH), ("BOX BOX p <-> BOX p", BOTH),
    ("F DIA p <-> DIA p", BOTH),
    ("F(p U q) <-> F q", BOTH), ("p U F q <-> F q", BOTH), ("(G p) W q -> p W q", BOTH), ("G p -> p W q", BOTH),
    # distribution
    ("X(p /\\ q) <-> X p /\\ X q", BOTH), ("X(p \\/ q) <-> X p \\/ X q", BOTH),
    ("X(p -> q) <-> (X p -> X q)", INFINITE),
    ("X(p <-> q) -> (X p <-> X q)", BOTH), ("G(p /\\ q) <-> G p /\\ G q", BOTH), ("F(p \\/ q) <-> F p \\/ F q", BOTH),
    ("G p \\/ G q -> G(p \\/ q)", BOTH), ("F(p /\\ q) -> F p /\\ F q", BOTH), ("G(p -> q) -> (G p -> G q)", BOTH),
    ("G(p -> q) -> (F p -> F q)", BOTH), ("G p /\\ F q -> F(p /\\ q)", BOTH),
    ("G F(p \\/ q) <-> G F p \\/ G F q", BOTH),
    ("F G(p /\\ q) <-> F G p /\\ F G q", BOTH), ("(p /\\ q) U r <-> (p U r) /\\ (q U r)", BOTH),
    ("p U (q \\/ r) <-> (p U q) \\/ (p U r)", BOTH), ("p W (q \\/ r) <-> (p W q) \\/ (p W r)", BOTH),
    ("(p /\\ q) W r <-> (p W r) /\\ (q W r)", BOTH), ("(p /\\ q) S r <-> (p S r) /\\ (q S r)", BOTH),
    ("p S (q \\/ r) <-> (p S q) \\/ (p S r)", BOTH), ("Y(p /\\ q) <-> Y p /\\ Y q", BOTH),
    ("Z(p -> q) -> (Z p -> Z q)", BOTH), ("H(p -> q) -> (H p -> H q)", BOTH), ("H(p /\\ q) <-> H p /\\ H q", BOTH),
    ("P(p \\/ q) <-> P p \\/ P q", BOTH), ("X(p U q) <-> X p U X q", BOTH), ("X F p <-> F X p", BOTH),
    ("X G p <-> G X p", INFINITE), ("G G F p <-> G F p", BOTH),
    # until, weak until and their kin
    ("p U q <-> (p W q) /\\ F q", BOTH), ("p W q <-> (p U q) \\/ G p", BOTH), ("p W q <-> q R (p \\/ q)", BOTH),
    ("p R q <-> q W (p /\\ q)", BOTH), ("p M q <-> q U (p /\\ q)", BOTH), ("p U q -> F q", BOTH),
    ("TOP U p <-> F p", BOTH),
    ("p W BOT <-> G p", BOTH), ("BOT R p <-> G p", BOTH), ("TOP S p <-> P p", BOTH), ("p S q -> P q", BOTH),
    ("p U q /\\ (~q) U r -> p U r", BOTH), ("(p U q) U r -> (p \\/ q) U r", BOTH),
    ("p U (q /\\ r) -> (p U q) U r", BOTH),
    ("p U (q U r) -> (p \\/ q) U r", BOTH), ("(p -> q) U r -> (p U r -> q U r)", BOTH),
    ("p W q \\/ (~q) W p", NEVER), ("p W q \\/ (~p) W q", NEVER), ("p W q /\\ q W r -> (p \\/ q) W r", BOTH),
    # monotonicity and frames
    ("G(p -> q) -> (p U r -> q U r)", BOTH), ("G(p -> q) -> (r U p -> r U q)", BOTH),
    ("G(p -> q) -> (p W r -> q W r)", BOTH), ("H(p -> q) -> (p S r -> q S r)", BOTH),
    ("G p /\\ q U r -> (p /\\ q) U (p /\\ r)", BOTH), ("G(p <-> q) -> (G p <-> G q)", BOTH),
    # induction
    ("p /\\ G(p -> X p) -> G p", BOTH), ("G(p -> ~X ~p) -> (p -> G p)", BOTH), ("H(p -> Z p) -> (p -> H p)", BOTH),
    ("p /\\ F ~p -> F(p /\\ X ~p)", BOTH), ("G(X p -> p) -> (F p -> p)", BOTH),
    ("G(q \\/ (p /\\ X r) -> r) -> (p U q -> r)", BOTH),
    ("G(q \\/ (p /\\ X r) -> r) -> (p U q -> F r)", BOTH), ("G(r -> ~q /\\ X r) -> (r -> ~(p U q))", BOTH),
    # the past and the future
    ("X Y p <-> p", INFINITE), ("X Y p -> p", BOTH), ("Y X p -> p", BOTH), ("Y X p <-> p /\\ Y TOP", BOTH),
    ("Z X p <-> (p \\/ ~Y TOP)", BOTH), ("p -> G P p", BOTH), ("p -> H F p", BOTH), ("p -> X Y p", INFINITE),
    ("p -> ~X ~Y p", BOTH), ("F P p <-> P p \\/ F p", BOTH), ("P F p <-> F p \\/ P p", BOTH),
    ("P F p <-> F P p", BOTH),
    ("P G p -> G p", BOTH), ("F H p -> H p", BOTH), ("G H p <-> G p /\\ H p", BOTH), ("H G p <-> BOX p", BOTH),
    ("F P p <-> DIA p", BOTH),
    ("G P p <-> P p \\/ F G P p", NEVER), ("G F P p <-> DIA p", BOTH), ("F G P p <-> DIA p", BOTH),
    ("F G H p -> H p", BOTH),
    ("G(p -> P q) <-> ((~p) W q \\/ P q)", BOTH), ("G(p -> Y q) -> (F p -> F Y q)", BOTH), ("P ~Y TOP", BOTH),
    # dates
    ("At 0 p <-> P(~Y TOP /\\ p)", BOTH), ("At 2 p <-> P(~Y TOP /\\ X X p)", BOTH), ("At 3 p -> DIA p", BOTH),
    ("BOX p -> At 3 p", INFINITE), ("~At 3 p <-> At 3 ~p", INFINITE), ("At 1(p /\\ q) <-> At 1 p /\\ At 1 q", BOTH),
    ("G At 1 p <-> At 1 p", BOTH), ("At 1 Y p <-> At 0 p /\\ At 1 TOP", BOTH),
    # S5, read over time
    ("BOX(p -> q) -> (BOX p -> BOX q)", BOTH), ("BOX p -> p", BOTH), ("DIA p -> BOX DIA p", BOTH),
    ("p -> BOX DIA p", BOTH),
    ("DIA BOX p <-> BOX p", BOTH), ("BOX(p \\/ BOX q) <-> BOX p \\/ BOX q", BOTH),
    # order and fairness
    ("F p /\\ F q -> F(p /\\ F q) \\/ F(q /\\ F p)", BOTH), ("G F p /\\ G F q <-> G F(p /\\ F q)", BOTH),
    ("F G p -> G F p", BOTH), ("G F p -> F G p", FINITE), ("G F p <-> F G p", FINITE), ("F ~X TOP", FINITE),
    ("G X TOP", INFINITE), ("X TOP", INFINITE), ("F G p \\/ G F ~p", BOTH), ("G F p /\\ F G q -> G F(p /\\ q)", BOTH),
    ("G(p -> F q) /\\ G(q -> F r) -> G(p -> F r)", BOTH), ("G(p -> F q) -> (G F p -> G F q)", BOTH),
    # what looks like a law
    ("p -> G p", NEVER), ("F p -> G p", NEVER), ("F p -> X F p", NEVER), ("G F p -> G p", NEVER),
    ("G(p \\/ q) -> G p \\/ G q", NEVER),
    ("F p /\\ F q -> F(p /\\ q)", NEVER), ("G F p /\\ G F q -> G F(p /\\ q)", FINITE),
    ("(p \\/ q) U r -> (p U r) \\/ (q U r)", NEVER), ("p U q /\\ p U r -> p U (q /\\ r)", NEVER),
    ("p W q -> p U q", NEVER),
    ("p W q -> F q", NEVER), ("F q -> p U q", NEVER), ("p R q -> p U q", BOTH), ("(p U q) U r -> p U (q U r)", NEVER),
    ("p U (q U r) -> (p U q) U r", NEVER), ("G P p -> P G p", NEVER), ("F P p -> P p", NEVER),
    ("P F p -> F p", NEVER),
    ("Z p -> Y p", NEVER), ("Y p -> F p", NEVER), ("H p -> G p", NEVER), ("p S q -> p U q", NEVER),
    ("F p -> P p", NEVER),
    ("F(p -> q) -> (F p -> F q)", NEVER), ("(F p -> F q) -> F(p -> q)", BOTH), ("(G p -> G q) -> G(p -> q)", NEVER),
    ("G(p -> X p) -> G p", NEVER), ("G(p -> F q) -> F q", NEVER), ("BOX p \\/ BOX ~p", NEVER), ("At 1 p -> p", NEVER),
    ("X p -> p", NEVER), ("Y X p <-> p", NEVER), ("X p <-> p", NEVER), ("G F p -> F(p /\\ X p)", NEVER),
)

START = (
    ("Y p -> F p", BOTH), ("~Y p", BOTH), ("Z p", BOTH), ("H p <-> p", BOTH), ("P p <-> p", BOTH),
    ("p S q <-> q", BOTH),
    ("G p <-> BOX p", BOTH), ("F p <-> DIA p", BOTH), ("At 2 p <-> X X p", BOTH), ("G P p <-> p", BOTH),
    ("F Y p <-> F(p /\\ X TOP)", BOTH), ("G(p -> P q) <-> (~p) W q", BOTH), ("G(Y p -> p) /\\ p -> G P p", BOTH),
    ("G Z p -> G p", INFINITE),
    ("F(p /\\ H q) <-> q U (p /\\ q)", BOTH), ("G(p -> Y P q) -> (F p -> F q)", BOTH),
    ("G(p -> H q) <-> G(p -> q) /\\ G(F p -> q)", BOTH),
    ("p U q <-> F(q /\\ Z H p)", BOTH), ("G F Y p <-> G F p", INFINITE), ("F G P p <-> F p", BOTH),
    ("F P p -> p", NEVER), ("G(p -> Y q)", NEVER),
)
