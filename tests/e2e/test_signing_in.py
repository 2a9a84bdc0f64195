"""Signing up, in and out; pages that are for somebody else."""

from __future__ import annotations

from playwright.async_api import expect

from tests.e2e.conftest import NewPerson
from tests.e2e.people import PASSWORD


async def test_a_newcomer_signs_up_out_and_in_again(new_person: NewPerson) -> None:
    person = await new_person(signed_up=False)
    page = await person.open("/")
    await page.get_by_role("link", name="Crear una cuenta").click()
    await page.get_by_label("Nombre").fill("Ana Pérez")
    await page.get_by_label("Correo electrónico").fill(person.email)
    await page.get_by_label("Contraseña").fill(PASSWORD)
    await page.get_by_role("button", name="Crear cuenta").click()
    await expect(page.get_by_role("heading", name="Conecta tu primera cuenta")).to_be_visible()
    # The login is out of the reach of scripts.
    assert "wh_session" in await person.cookies()
    assert "wh_session" not in await page.evaluate("document.cookie")

    await page.get_by_role("button", name="Tu cuenta").click()
    await expect(page.get_by_text(person.email)).to_be_visible()
    await page.get_by_role("menuitem", name="Cerrar sesión").click()
    await expect(page.get_by_role("heading", name="Inicia sesión")).to_be_visible()
    assert "wh_session" not in await person.cookies()

    await page.get_by_label("Correo electrónico").fill(person.email)
    await page.get_by_label("Contraseña").fill(PASSWORD)
    await page.get_by_label("Contraseña").press("Enter")
    await expect(page.get_by_role("heading", name="Conexiones", level=1)).to_be_visible()


async def test_a_wrong_password_is_told_and_the_way_back_is_kept(new_person: NewPerson) -> None:
    person = await new_person()
    await person.context.clear_cookies()
    page = await person.open("/messages")
    await page.get_by_label("Correo electrónico").fill(person.email)
    await page.get_by_label("Contraseña").fill("otra cosa")
    await page.get_by_role("button", name="Iniciar sesión").click()
    await expect(page.get_by_role("alert")).to_contain_text("El correo o la contraseña no son correctos.")
    await page.get_by_label("Correo electrónico").fill(person.email)
    await page.get_by_label("Contraseña").fill(PASSWORD)
    await page.get_by_role("button", name="Iniciar sesión").click()
    await expect(page.get_by_role("heading", name="Mensajes", level=1)).to_be_visible()


async def test_the_sign_in_leads_nowhere_else(new_person: NewPerson) -> None:
    person = await new_person(signed_up=False)
    page = await person.open("/sign-in?next=//evil.example/")
    await expect(page.locator("input[name=next]")).to_have_value("/settings/connections")


async def test_a_page_whose_login_was_ended_elsewhere_goes_to_the_sign_in_and_keeps_nothing(
    new_person: NewPerson,
) -> None:
    person = await new_person()
    await person.account("Tienda Norte")
    page = await person.open("/settings/connections")
    await expect(page.get_by_role("heading", name="Tienda Norte")).to_be_visible()
    await person.api.post("/api/v1/auth/sign-out", headers={"Origin": person.whahook.url})
    # By itself, within seconds.
    await expect(page.get_by_role("heading", name="Inicia sesión")).to_be_visible(timeout=15_000)
    assert "Tienda Norte" not in await page.content()


async def test_the_next_person_in_the_same_tab_sees_nothing_of_the_one_before(new_person: NewPerson) -> None:
    first, second = await new_person(), await new_person()
    await first.account("Cuenta secreta")
    page = await first.open("/settings/connections")
    await expect(page.get_by_role("heading", name="Cuenta secreta")).to_be_visible()
    await first.context.clear_cookies()
    await first.context.add_cookies(
        [{"name": name, "value": value, "url": first.whahook.url} for name, value in (await second.cookies()).items()]
    )
    await page.reload()
    await expect(page.get_by_role("heading", name="Conecta tu primera cuenta")).to_be_visible()
    await expect(page.get_by_role("heading", name="Cuenta secreta")).to_have_count(0)


async def test_the_login_never_travels_to_scripts(new_person: NewPerson) -> None:
    person = await new_person()
    await person.account("Tienda")
    frames: list[str] = []
    person.page.on("websocket", lambda socket: socket.on("framereceived", lambda data: frames.append(str(data))))
    page = await person.open("/settings/connections")
    await expect(page.get_by_role("heading", name="Tienda")).to_be_visible()
    token = (await person.cookies())["wh_session"]
    assert any("Tienda" in frame for frame in frames)
    assert not any(token in frame for frame in frames)
