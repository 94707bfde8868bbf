using DeviceAcme.Core;
using DeviceAcme.Core.Accounts;
using DeviceAcme.Server.Storage;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Storage;

/// <summary>An account that is remembered must never be older than what somebody was told.</summary>
public sealed class KnownAccountsTests
{
    private static readonly AccountId _id = new("a");
    private readonly KnownAccounts _accounts = new();

    [Fact]
    public void An_account_is_read_once_until_it_changes()
    {
        var (old, changed) = (Make(), Make());
        _accounts.Find(_id, _ => old).Should().BeSameAs(old);
        _accounts.Find(_id, _ => throw new InvalidOperationException("read again")).Should().BeSameAs(old);

        _accounts.Forget([_id]);
        _accounts.Find(_id, _ => changed).Should().BeSameAs(changed);
    }

    [Fact]
    public void What_was_read_before_a_change_is_not_remembered_after_it()
    {
        var (old, changed) = (Make(), Make());
        _accounts.Find(_id, _ =>
        {
            // a commit ends while the row of before is in the reader's hands
            _accounts.Forget([_id]);
            return old;
        }).Should().BeSameAs(old);

        _accounts.Find(_id, _ => changed).Should().BeSameAs(changed);
    }

    [Fact]
    public void An_account_that_does_not_exist_is_asked_for_again()
    {
        var made = Make();
        _accounts.Find(_id, _ => null).Should().BeNull();
        _accounts.Find(_id, _ => made).Should().BeSameAs(made);
    }

    private static Account Make() => (Account)System.Runtime.CompilerServices.RuntimeHelpers.GetUninitializedObject(typeof(Account));
}
