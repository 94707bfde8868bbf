using DeviceAcme.Protocol.Client;
using DeviceAcme.Testing;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace DeviceAcme.Tests.Protocol.Client;

public sealed class LinkHeaderTests
{
    [Theory, Spec("RFC 8288 §3")]
    [InlineData("<https://a/1>;rel=\"next\"", "next https://a/1")]
    [InlineData("<https://a/1> ; REL=next", "next https://a/1")]
    [InlineData("<https://a/1>; title=\"a, b; rel=x\"; rel=\"up next\"", "up https://a/1|next https://a/1")]
    [InlineData("<a,b>;rel=index,<c>;rel=alternate", "index a,b|alternate c")]
    [InlineData("<a>;rel=one;rel=two", "one a")]
    [InlineData("<a>", "")]
    [InlineData("<a", "")]
    [InlineData("a;rel=next", "")]
    [InlineData("<a>;rel=\"next", "next a")]
    public void Links_are_read(string field, string links) => Read(field).Should().Be(links);

    [Fact]
    public void No_field_throws_or_hangs()
    {
        const string Letters = "<>;,=\" arel";
        Prop.ForAll<byte[]>(bytes => _ = Read(string.Concat(bytes.Select(b => Letters[b % Letters.Length])))).QuickCheckThrowOnFailure();
    }

    private static string Read(string field) => string.Join('|', LinkHeader.Read(field).Select(link => $"{link.Relation} {link.Target}"));
}
