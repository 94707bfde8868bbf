using DeviceAcme.Core;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Accounts;

public sealed class SecretsTests
{
    [Fact]
    public void An_id_can_be_typed_as_the_argument_of_a_command() =>
        Enumerable.Range(0, 2000).Select(_ => Secrets.Id()).Should().OnlyContain(id => id.Length == 22 && id[0] != '-').And.OnlyHaveUniqueItems();
}
