from __future__ import annotations

import pytest

from sojourn.app.report.vocabulary import family, goal_meaning, is_passive, shop_step, words


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("OrderCompleted", "order completed"),
        ("order_completed", "order completed"),
        ("Order Completed", "order completed"),
        ("order-completed", "order completed"),
        ("ORDER_COMPLETED", "order completed"),
        ("A_APPROVED", "approved"),
        ("checkout:success", "checkout success"),
        ("Käufer kauft", "käufer kauft"),
    ],
)
def test_a_name_is_the_same_words_in_every_spelling(name: str, said: str) -> None:
    assert words(name) == said


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("purchase", "a purchase"),
        ("Order Completed", "a purchase"),
        ("Order Placed", "a purchase"),
        ("checkout_complete", "a purchase"),
        ("in_app_purchase", "a purchase"),
        ("PaymentSucceeded", "a purchase"),
        ("thank_you_page", "a purchase"),
        ("Subscription Started", "a subscription"),
        ("subscribe", "a subscription"),
        ("A_APPROVED", "an approval"),
        ("converted", "a conversion"),
        ("Trial Started", "a trial"),
        ("start_trial", "a trial"),
        ("Demo Requested", "a demo request"),
        ("sign_up", "a sign-up"),
        ("Signed Up", "a sign-up"),
        ("AccountCreated", "a sign-up"),
        ("generate_lead", "a lead"),
        ("whitepaper_downloaded", "a download"),
    ],
)
def test_usual_goals_are_known(name: str, meaning: str) -> None:
    found = goal_meaning(name)

    assert found is not None
    assert found[1] == meaning


@pytest.mark.parametrize(
    "name",
    [
        "payment_error",
        "Order Cancelled",
        "Order Refunded",
        "purchase_failed",
        "checkout_bug",
        "Checkout Started",
        "Checkout Step Completed",
        "add_to_cart",
        "view",
        "A_DECLINED",
        "Unsubscribed",
        "Order History Viewed",
        "Page Viewed",
        "logout",
        "",
        "🛒",
    ],
)
def test_what_nobody_hopes_for_is_no_goal(name: str) -> None:
    assert goal_meaning(name) is None


def test_a_purchase_ranks_before_a_subscription_and_that_before_a_sign_up() -> None:
    ranks = [found[0] for name in ("purchase", "Subscription Started", "sign_up") if (found := goal_meaning(name))]

    assert ranks == sorted(ranks)
    assert len(set(ranks)) == 3


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("home", "visit"),
        ("catalog", "browse"),
        ("Products Searched", "browse"),
        ("view", "product"),
        ("product_view", "product"),
        ("view_item", "product"),
        ("Product Viewed", "product"),
        ("add_to_cart", "add to cart"),
        ("Product Added", "add to cart"),
        ("AddToCart", "add to cart"),
        ("cart", "cart"),
        ("begin_checkout", "checkout"),
        ("shipping_details", "delivery"),
        ("Payment Info Entered", "payment"),
        ("error_page", None),
        ("A_SUBMITTED", None),
    ],
)
def test_usual_steps_of_a_shop_are_known(name: str, step: str | None) -> None:
    assert shop_step(name) == step


def test_the_family_of_a_process_step_is_its_letter() -> None:
    assert family("A_APPROVED") == "a"
    assert family("purchase") == ""


def test_what_others_do_to_a_person_is_no_visit() -> None:
    assert [
        name
        for name in ("Email Sent", "Email Opened", "Order Shipped", "Order Completed", "Identified")
        if is_passive(name)
    ] == [
        "Email Sent",
        "Order Shipped",
        "Identified",
    ]
