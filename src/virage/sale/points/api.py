"""Commands and reads of points for other domains."""

from virage.sale.points.acts.accounts import erased as forget_points
from virage.sale.points.acts.accounts import join as join_points
from virage.sale.points.acts.earning import FirstEntries as FirstEntries
from virage.sale.points.acts.earning import FoodSpends as FoodSpends
from virage.sale.points.acts.earning import Sources as Sources
from virage.sale.points.acts.earning import TillSpends as TillSpends
from virage.sale.points.acts.programmes import set_programme as set_programme
from virage.sale.points.acts.programmes import set_reward as set_reward
from virage.sale.points.reads.emails import lapse_email as points_lapse_email
from virage.sale.points.reads.emails import reward_email as reward_email
from virage.sale.points.reads.fans import export as export_points
from virage.sale.points.reads.office import has_programme as has_programme
