"""What other domains may do with payments, and read of it."""

from virage.money.payments.acts import begin as begin
from virage.money.payments.acts import give_up as give_up
from virage.money.payments.acts import request_refund as request_refund
from virage.money.payments.acts import settle as settle
from virage.money.payments.checkout import Checkout as Checkout
from virage.money.payments.checkout import settle_all as settle_all
from virage.money.payments.handlers import Handlers as Handlers
from virage.money.payments.methods import charge as charge
from virage.money.payments.methods import forget as forget
from virage.money.payments.methods import keep as keep
from virage.money.payments.methods import methods as methods
from virage.money.payments.methods import methods_of as methods_of
from virage.money.payments.methods import open_page as open_page
from virage.money.payments.provider import PaymentProvider as PaymentProvider
from virage.money.payments.reads import of_purpose as of_purpose
from virage.money.payments.reads import of_subject as of_subject
from virage.money.payments.reads import payment as payment
from virage.money.payments.reads import payments as payments
from virage.money.payments.reads import refunds_of as refunds_of
from virage.money.payments.sandbox_provider import SandboxProvider as SandboxProvider
