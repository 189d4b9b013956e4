"""The questions of a signature: who, his PIN, and for a forced handover why and by whose leave."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from zjj_console.desk import session, signatures
from zjj_console.desk.acts import Act, Done
from zjj_console.desk.session import actor_of
from zjj_console.domain.handover import VIA_ZH
from zjj_console.domain.model import Actor
from zjj_console.i18n import english, t
from zjj_console.storage.db import StorageError
from zjj_console.widgets.columns import unit_name

if TYPE_CHECKING:
    from zjj_console.screens.handover import HandoverScreen

_SIDE_ZH = {"out": "交班签字", "in": "接班签字"}
_WAYS = tuple((str(n), VIA_ZH[via], via) for n, via in enumerate(("phone", "radio", "wechat"), 1))


class Signing:
    """Asks on a screen; every PIN is checked by the act itself, on the writer."""

    def __init__(self, screen: "HandoverScreen") -> None:
        self.screen, self.desk = screen, screen.session.desk

    def sign(self) -> None:
        """The officer of the outgoing desk signs out, whoever else is named signs in: who he is decides."""
        view = self.screen.view
        if view is None:
            return
        side = self._side_of(self.desk.actor.work_no)
        own = self.desk.facts().desk == (view.h.frm if side == "out" else view.h.to)
        self.screen.ask_line(
            t("{side}，签字人工号", side=t(_SIDE_ZH[side])), self._signer, text=self.desk.actor.work_no if own else ""
        )

    def _side_of(self, work_no: str) -> str:
        view = self.screen.view
        stands = self.desk.facts().desk_of(work_no)
        return "out" if view is not None and view.h.out_sign is None and stands == view.h.frm else "in"

    def _signer(self, work_no: str) -> None:
        actor = self._person(work_no)
        if actor is not None:
            side = self._side_of(work_no)
            self._with_pin(actor, f"{t(_SIDE_ZH[side])} {actor.name}", lambda pin: self._sign(actor, side, pin))

    def _person(self, work_no: str) -> Actor | None:
        try:
            return actor_of(self.desk.town, work_no, trial=self.desk.actor.trial)
        except StorageError as error:
            self.screen.say(error.en if english() else error.zh, "$p2", bell=True)
            return None

    def _with_pin(self, actor: Actor, words: str, then: Callable[[str], None]) -> None:
        """In trial mode nobody has a PIN."""
        if actor.trial:
            then("")
        else:
            self.screen.ask_line(t("{words} 口令", words=words), then, secret=True)

    def _sign(self, actor: Actor, side: str, pin: str) -> None:
        act = session.proven(signatures.sign(self.screen.which, side), (actor, pin))
        then = (lambda _: self._takes_over(actor)) if side == "in" else None
        self.screen.run_act(act, actor=actor, then=then)

    def _takes_over(self, actor: Actor) -> None:
        """Whoever signed in operates this console from now on."""
        self.desk.actor = actor
        said = self.screen.session.message.text
        self.screen.say(t("本台现由 {name} 操作。{said}", said=said, name=actor.name), "$done")

    def operator(self) -> None:
        """Who reads gives his name to the ticks: the incoming officer takes the keyboard, custody stays where it is."""
        self.screen.ask_line(t("换人操作，工号"), self._operated_by)

    def _operated_by(self, work_no: str) -> None:
        actor = self._person(work_no)
        if actor is not None:
            nothing: Act = lambda db, facts: Done([], actor.name, actor.name)  # noqa: E731
            self._with_pin(actor, actor.name, lambda pin: self.screen.run_act(
                session.proven(nothing, (actor, pin)), then=lambda _: self._takes_over(actor)))  # fmt: skip

    # 带病交接 ---------------------------------------------------------------------------------------------------------

    def force(self) -> None:
        view = self.screen.view
        if view is not None:
            own = self.desk.actor.work_no if self.desk.facts().desk == view.h.to else ""
            self.screen.ask_line(t("带病交接，接班人工号"), self._force_by, text=own)

    def _force_by(self, work_no: str) -> None:
        actor = self._person(work_no)
        if actor is None:
            return

        def why(pin: str) -> None:
            self.screen.ask_line(t("带病交接理由"), lambda reason: second(pin, reason))

        def second(pin: str, reason: str) -> None:
            question = t("第二人工号(镇中心负责人或值班长)")
            self.screen.ask_line(question, lambda other: self._force_with(actor, pin, reason, other))

        self._with_pin(actor, f"{t('带病交接')} {actor.name}", why)

    def _force_with(self, actor: Actor, pin: str, reason: str, work_no: str) -> None:
        other = self._person(work_no)
        if other is None:
            return

        def go(second_pin: str) -> None:
            act = signatures.force(self.screen.which, reason, other.work_no, proven=True)
            both = session.proven(act, (actor, pin), (other, second_pin))
            self.screen.run_act(both, actor=actor, then=lambda _: self._takes_over(actor))

        self._with_pin(other, f"{t('第二人')} {other.name}", go)

    # stations ---------------------------------------------------------------------------------------------------------

    def station(self, code: str) -> None:
        """A station signs by telephone; the desk records who said it and how. Its own officer signs for himself."""
        if self.desk.actor.unit == code and {"deputy", "chief"} & self.desk.actor.roles:
            self.screen.run_act(signatures.sign_station(self.screen.which, code))
            return
        holders = [p.work_no for role in ("deputy", "chief") for p in self.desk.town.holders(code, role)]
        question = t("{name} 代签: 站长或副站长工号", name=unit_name(self.desk.town, code))
        self.screen.ask_line(question, lambda by: self._ask_way(code, by), text=holders[0] if holders else "")

    def _ask_way(self, code: str, by: str) -> None:
        listed = "  ".join(f"{key} {t(zh)}" for key, zh, _ in _WAYS)
        self.screen.ask(t("何种方式: {ways}", ways=listed), {key: self._proxy(code, by, via) for key, _, via in _WAYS})

    def _proxy(self, code: str, by: str, via: str) -> Callable[[], None]:
        return lambda: self.screen.run_act(signatures.sign_station(self.screen.which, code, by, via))
