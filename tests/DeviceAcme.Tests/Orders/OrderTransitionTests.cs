using DeviceAcme.Core;
using DeviceAcme.Core.Orders;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Orders;

/// <summary>All states × all events of authorizations and orders.</summary>
[Spec("RFC 8555 §7.1.6")]
public sealed class OrderTransitionTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch.AddYears(56);
    private static readonly Problem Cause = Problems.IncorrectResponse("test", "test").Problem;

    public static TheoryData<string, string, string> AuthorizationMatrix => new()
    {
        // state, event, state after or refusal
        { "pending", "respond", "pending/processing" }, { "pending", "accept", "valid/valid" }, { "pending", "reject", "invalid/invalid" }, { "pending", "deactivate", "deactivated/pending" }, { "pending", "abandon", "refused" },
        { "processing", "respond", "pending/processing" }, { "processing", "accept", "valid/valid" }, { "processing", "reject", "invalid/invalid" }, { "processing", "deactivate", "deactivated/processing" }, { "processing", "abandon", "refused" },
        { "valid", "respond", "refused" }, { "valid", "accept", "refused" }, { "valid", "reject", "refused" }, { "valid", "deactivate", "deactivated/valid" }, { "valid", "abandon", "refused" },
        { "invalid", "respond", "refused" }, { "invalid", "accept", "refused" }, { "invalid", "reject", "refused" }, { "invalid", "deactivate", "refused" }, { "invalid", "abandon", "refused" },
        { "deactivated", "respond", "refused" }, { "deactivated", "accept", "refused" }, { "deactivated", "reject", "refused" }, { "deactivated", "deactivate", "refused" }, { "deactivated", "abandon", "deactivated/invalid" },
        { "expired", "respond", "refused" }, { "expired", "accept", "refused" }, { "expired", "reject", "refused" }, { "expired", "deactivate", "refused" }, { "expired", "abandon", "expired/invalid" },
    };

    public static TheoryData<string, string, string> OrderMatrix => new()
    {
        { "pending", "follow-pending", "pending" }, { "pending", "follow-valid", "ready" }, { "pending", "follow-lost", "invalid" }, { "pending", "complete", "refused" }, { "pending", "fail", "invalid" },
        { "ready", "follow-pending", "ready" }, { "ready", "follow-valid", "ready" }, { "ready", "follow-lost", "invalid" }, { "ready", "complete", "valid" }, { "ready", "fail", "invalid" },
        { "valid", "follow-pending", "valid" }, { "valid", "follow-valid", "valid" }, { "valid", "follow-lost", "valid" }, { "valid", "complete", "refused" }, { "valid", "fail", "refused" },
        { "invalid", "follow-pending", "invalid" }, { "invalid", "follow-valid", "invalid" }, { "invalid", "follow-lost", "invalid" }, { "invalid", "complete", "refused" }, { "invalid", "fail", "refused" },
        { "processing", "follow-pending", "invalid" }, { "processing", "follow-valid", "processing" }, { "processing", "follow-lost", "invalid" }, { "processing", "complete", "valid" }, { "processing", "fail", "invalid" }, { "processing", "process", "refused" },
        { "pending", "process", "refused" }, { "ready", "process", "processing" }, { "valid", "process", "refused" }, { "invalid", "process", "refused" },
        { "expired", "complete", "refused" }, { "expired", "process", "refused" },
    };

    [Theory]
    [MemberData(nameof(AuthorizationMatrix))]
    public void Authorization(string state, string happens, string after)
    {
        var (authorization, now) = AuthorizationIn(state);
        var challenge = authorization.Challenges[0];
        var act = () => happens switch
        {
            "respond" => authorization.Respond(challenge, "token.thumbprint", now),
            "accept" => authorization.Accept(challenge, null, now, TimeSpan.FromHours(1)),
            "reject" => authorization.Reject(challenge, Cause, null, now),
            "abandon" => authorization.Abandon(challenge, now),
            _ => authorization.Deactivate(now),
        };

        if (after == "refused")
        {
            act.Should().Throw<Exception>().Which.Should().Match(failure => failure is ProblemException || failure is InvalidOperationException);
            return;
        }

        act().Kind.Should().NotBeNullOrEmpty();
        $"{authorization.StatusAt(now).Wire()}/{challenge.Status.Wire()}".Should().Be(after);
    }

    [Theory]
    [MemberData(nameof(OrderMatrix))]
    public void Order_(string state, string happens, string after)
    {
        var (order, now) = OrderIn(state);
        var act = () =>
        {
            switch (happens)
            {
                case "complete":
                    order.Complete(new CertificateId("c"), [AuthorizationIn("valid").Authorization], now);
                    break;
                case "process":
                    order.Process([AuthorizationIn("valid").Authorization], now.AddDays(7), "somebody", now);
                    break;
                case "fail":
                    order.Fail(Cause, now);
                    break;
                default:
                    order.Follow([AuthorizationIn(happens switch { "follow-valid" => "valid", "follow-lost" => "invalid", _ => "pending" }).Authorization], now);
                    break;
            }
        };

        if (after == "refused")
        {
            act.Should().Throw<Exception>();
            return;
        }

        act();
        order.StatusAt(now).Wire().Should().Be(after);
    }

    [Fact, Spec("RFC 8555 §7.5.2")]
    public void An_authorization_that_was_deactivated_meanwhile_supports_no_certificate()
    {
        var (order, now) = OrderIn("ready");
        var complete = () => order.Complete(new CertificateId("c"), [AuthorizationIn("deactivated").Authorization], now);
        complete.Should().Throw<ProblemException>().Which.Problem.Type.Should().EndWith(":orderNotReady");
    }

    [Fact, Spec("RFC 8555 §7.1.6")]
    public void A_processing_order_outlives_its_authorizations_and_its_own_first_end()
    {
        var (order, _) = OrderIn("processing");
        var (authorization, later) = (AuthorizationIn("valid").Authorization, Now.AddDays(5));

        authorization.StatusAt(later).Should().Be(AuthorizationStatus.Expired);
        order.Follow([authorization], later).Should().BeNull();
        order.Complete(new CertificateId("c"), [authorization], later);
        order.StatusAt(later).Should().Be(OrderStatus.Valid);
    }

    [Fact]
    public void The_error_of_a_failed_challenge_is_the_orders_error()
    {
        var (order, now) = OrderIn("pending");
        order.Follow([AuthorizationIn("invalid").Authorization], now);
        order.Error.Should().Be(Cause);
    }

    private static (Authorization Authorization, DateTimeOffset Now) AuthorizationIn(string state)
    {
        var authorization = Core.Orders.Authorization.Create(
            new AccountId("a"), "p", new AcmeIdentifier("dns", "example.com"), false, false, ["http-01"], Now, TimeSpan.FromHours(1));
        var challenge = authorization.Challenges[0];
        switch (state)
        {
            case "processing":
                authorization.Respond(challenge, "k", Now);
                break;
            case "valid":
                authorization.Accept(challenge, null, Now, TimeSpan.FromHours(1));
                break;
            case "invalid":
                authorization.Reject(challenge, Cause, null, Now);
                break;
            case "deactivated":
                authorization.Respond(challenge, "k", Now);
                authorization.Deactivate(Now);
                break;
            case "expired":
                authorization.Respond(challenge, "k", Now);
                return (authorization, Now.AddHours(2));
        }

        return (authorization, Now);
    }

    private static (Order Order, DateTimeOffset Now) OrderIn(string state)
    {
        var (order, _) = Core.Orders.Order.Create(
            new NewOrder
            {
                Account = new AccountId("a"),
                Profile = "p",
                ProfileHash = "h",
                Identifiers = [new AcmeIdentifier("dns", "example.com")],
                Lifetime = TimeSpan.FromHours(1),
            },
            Now);
        if (state is "ready" or "valid" or "expired" or "processing")
        {
            order.Follow([AuthorizationIn("valid").Authorization], Now);
        }

        if (state == "valid")
        {
            order.Complete(new CertificateId("c"), [AuthorizationIn("valid").Authorization], Now);
        }

        if (state == "processing")
        {
            order.Process([AuthorizationIn("valid").Authorization], Now.AddDays(7), "somebody", Now);
        }

        if (state == "invalid")
        {
            order.Fail(Cause, Now);
        }

        return (order, state == "expired" ? Now.AddHours(2) : Now);
    }
}
