using DeviceAcme.Server.Hosting;
using FluentAssertions;
using Npgsql;
using Xunit;

namespace DeviceAcme.Server.Tests.Hosting;

/// <summary>What <c>--database</c> takes.</summary>
public sealed class DatabaseUrlTests
{
    [Fact]
    public void A_URL_says_host_port_name_user_and_password()
    {
        var settings = new NpgsqlConnectionStringBuilder(DatabaseUrl.Parse("postgres://some%40one:p%3Ass%2F%3Bword@db.example:6543/acme?sslmode=verify-full&maximum%20pool%20size=7"));

        settings.Should().Match<NpgsqlConnectionStringBuilder>(found => found.Host == "db.example" && found.Port == 6543 && found.Database == "acme" && found.Username == "some@one"
            && found.Password == "p:ss/;word" && found.SslMode == SslMode.VerifyFull && found.MaxPoolSize == 7 && found.ApplicationName == "deviceacme");
    }

    [Fact]
    public void A_connection_string_is_taken_as_it_is()
    {
        var settings = new NpgsqlConnectionStringBuilder(DatabaseUrl.Parse("Host=/run/postgresql;Database=acme;Username=acme;Application Name=mine"));

        settings.Should().Match<NpgsqlConnectionStringBuilder>(found => found.Host == "/run/postgresql" && found.Database == "acme" && found.Username == "acme" && found.ApplicationName == "mine" && !found.PersistSecurityInfo);
    }

    [Theory]
    [InlineData("Database=acme;Password=hidden")]
    [InlineData("postgres://user:hidden@host/")]
    [InlineData("postgres://user:hidden@host:99999/acme")]
    [InlineData("postgres://user:hidden@host/acme?nonsense=hidden")]
    [InlineData("Host=host;Database=acme;Nonsense=hidden")]
    [InlineData("hidden")]
    [InlineData("mysql://user:hidden@host/acme")]
    public void What_is_wrong_is_said_without_the_text_which_may_hold_a_password(string text)
    {
        var parse = () => DatabaseUrl.Parse(text);

        parse.Should().Throw<FormatException>().Which.Message.Should().Contain("postgres://USER@HOST/NAME").And.NotContain("hidden");
    }
}
