using DeviceAcme.Server.Refusals;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Refusals;

/// <summary>Nobody who is refused fills the store, and nobody's refusal is lost silently.</summary>
public sealed class RefusalQuotaTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);
    private static readonly RefusalKind Blocked = new("order.refused", "device-blocked", "apple-device");
    private static readonly RefusalKind Used = new("account.refused", "ticket-used", "apple-device");

    [Fact]
    public void So_many_are_stored_in_an_hour_and_as_many_in_the_next()
    {
        var quota = new RefusalQuota(10, 3);

        Enumerable.Range(0, 6).Select(second => quota.Take(Blocked, Now.AddSeconds(second))).Should().Equal(
            RefusalPlace.Stored, RefusalPlace.Stored, RefusalPlace.Stored, RefusalPlace.FirstCounted, RefusalPlace.Counted, RefusalPlace.Counted);
        quota.Take(Blocked, Now.AddMinutes(59)).Should().Be(RefusalPlace.Counted);
        Enumerable.Range(0, 5).Count(second => quota.Take(Blocked, Now.AddMinutes(60).AddSeconds(second)) == RefusalPlace.Stored).Should().Be(3);
    }

    [Fact]
    public void A_flood_of_one_kind_does_not_keep_out_the_others()
    {
        var quota = new RefusalQuota(10, 3);
        Enumerable.Range(0, 100).Count(_ => quota.Take(Blocked, Now) == RefusalPlace.Stored).Should().Be(3);

        quota.Take(Used, Now).Should().Be(RefusalPlace.Stored);
        quota.Take(Blocked with { Profile = "linux-tpm" }, Now).Should().Be(RefusalPlace.Stored);
    }

    [Fact]
    public void All_kinds_together_have_an_end_too()
    {
        var quota = new RefusalQuota(10, 3);

        Enumerable.Range(0, 100).Count(kind => quota.Take(Blocked with { Reason = $"reason-{kind}" }, Now) == RefusalPlace.Stored).Should().Be(10);
    }

    [Fact]
    public void What_was_counted_is_told_once_when_its_hour_is_over()
    {
        var quota = new RefusalQuota(10, 3);
        for (var i = 0; i < 8; i++)
        {
            quota.Take(Blocked, Now);
        }

        quota.TakeOver(Now.AddMinutes(59)).Should().BeEmpty();
        quota.TakeOver(Now.AddMinutes(61)).Should().Equal(new CountedRefusals(Blocked, 5, Now, Now.AddHours(1)));
        quota.TakeOver(Now.AddMinutes(62)).Should().BeEmpty();
    }

    [Fact]
    public void What_could_not_be_written_is_told_again_and_what_is_counted_at_the_end_too()
    {
        var quota = new RefusalQuota(10, 1);
        quota.Take(Blocked, Now);
        quota.Take(Blocked, Now);
        quota.GiveBack(quota.TakeOver(Now.AddHours(2)));
        quota.Take(Used, Now.AddHours(2));
        quota.Take(Used, Now.AddHours(2));

        quota.TakeAll(Now.AddHours(2)).Select(counted => (counted.Of, counted.Count)).Should().Equal((Blocked, 1), (Used, 1));
        quota.TakeAll(Now.AddHours(2)).Should().BeEmpty();
    }

    [Fact]
    public void A_clock_that_is_set_back_does_not_close_it()
    {
        var quota = new RefusalQuota(1, 1);
        quota.Take(Blocked, Now).Should().Be(RefusalPlace.Stored);

        quota.Take(Blocked, Now.AddSeconds(-5)).Should().Be(RefusalPlace.FirstCounted, "requests that run at once are not in order");
        quota.Take(Blocked, Now.AddDays(-1)).Should().Be(RefusalPlace.Stored);
    }

    [Fact]
    public void Simultaneous_refusals_share_it()
    {
        var quota = new RefusalQuota(100, 100);

        ParallelEnumerable.Range(0, 1000).Count(_ => quota.Take(Blocked, Now) == RefusalPlace.Stored).Should().Be(100);
        quota.TakeAll(Now).Should().ContainSingle().Which.Count.Should().Be(900);
    }
}
