"""The doors of cards and of phones that pay."""

from virage.money.wallet.cards.routes import cards, demo_cards, virtual_cards

routers = [
    cards.mine_router,
    cards.router,
    demo_cards.router,
    virtual_cards.mine_router,
    virtual_cards.router,
    virtual_cards.till_router,
]
