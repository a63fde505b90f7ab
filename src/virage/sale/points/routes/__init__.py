"""Routes of points."""

from virage.platform.web.routing import mount
from virage.sale.points.routes import fans, office, tills

routers = [
    mount(
        "/api/points",
        [fans.list_points, fans.list_points_movements, fans.join_points, fans.leave_points, fans.redeem_reward],
    ),
    mount(
        "/api/office/points",
        [
            office.list_programmes,
            office.put_programme,
            office.put_reward,
            office.list_redemptions,
            office.list_waiting_redemptions,
            office.set_redemption_state,
        ],
    ),
    mount("/api/till", [tills.look_up_reward, tills.hand_over_reward]),
]
