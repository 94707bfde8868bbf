using DeviceAcme.Core;
using DeviceAcme.Core.Orders;
using DeviceAcme.Protocol.Acme;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Orders;

/// <summary>An order that waits for an officer is decided once.</summary>
public sealed class PendingIssuanceTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public void The_second_officer_is_told_who_decided(bool first, bool second)
    {
        var pending = Waiting();
        Decide(pending, first, "olga");

        var late = () => Decide(pending, second, "ivan");

        var problem = late.Should().Throw<ProblemException>().Which.Problem;
        (problem.Reason, problem.Status).Should().Be(("approval-decided", 409));
        problem.Detail.Should().Contain($"olga {(first ? "approved" : "refused")} it");
        (pending.Decision, pending.DecidedBy).Should().Be((first ? OfficerDecision.Approved : OfficerDecision.Refused, "olga"));
    }

    [Fact]
    public void What_the_ledger_let_go_nobody_decides_and_what_ended_does_not_begin_again()
    {
        var pending = Waiting();
        pending.LetGo("the ledger knows the device by now", Now);
        var late = () => Decide(pending, false, "olga");
        late.Should().Throw<ProblemException>().Which.Problem.Reason.Should().Be("approval-decided");
        pending.Close();

        pending.Csr.Should().BeNull();
        foreach (var again in new Action[] { pending.Close, () => pending.Claim("01"), () => pending.Fail("no"), () => pending.LetGo("no", Now) })
        {
            again.Should().Throw<InvalidOperationException>();
        }
    }

    [Fact]
    public void The_serial_number_of_the_first_attempt_is_that_of_all()
    {
        var pending = Waiting();
        var early = () => pending.Claim("01");
        early.Should().Throw<InvalidOperationException>("nobody agreed yet");
        Decide(pending, true, "olga");

        pending.Claim("01");
        pending.Fail("the CA does not answer");
        pending.Claim("02");

        (pending.Serial, pending.Attempts, pending.Failure).Should().Be(("01", 2, "the CA does not answer"));
    }

    private static void Decide(PendingIssuance pending, bool yes, string actor)
    {
        if (yes)
        {
            pending.Approve(null, actor, Now);
        }
        else
        {
            pending.Refuse("not ours", actor, Now);
        }
    }

    private static PendingIssuance Waiting()
    {
        var (order, _) = Order.Create(
            new NewOrder
            {
                Account = new AccountId("account"),
                Profile = "tls-server",
                ProfileHash = "hash",
                Identifiers = [new AcmeIdentifier(AcmeIdentifier.Dns, "host.example")],
                NotBefore = null,
                NotAfter = null,
                Lifetime = TimeSpan.FromDays(1),
            },
            Now);
        return PendingIssuance.Create(order, PendingIssuance.SubjectOf(order), null, ApprovalCauses.Profile, new byte[] { 0x30 }, TimeSpan.FromDays(7), Now);
    }
}
