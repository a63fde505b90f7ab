"""The doors of the wallet."""

from virage.money.wallet.routes import auto_top_ups, cards, demo_cards, office, purses, till_desk, virtual_cards

routers = [
    purses.router,
    auto_top_ups.router,
    cards.mine_router,
    cards.router,
    demo_cards.router,
    virtual_cards.mine_router,
    virtual_cards.router,
    virtual_cards.till_router,
    till_desk.router,
    office.router,
]
